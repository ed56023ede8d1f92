//! Whoever shows a certificate that is not trusted here is told from whoever is away: an administrator mends one of them
//! on this machine, and waits for the other (E7, E1, G10).

use super::nginx::Nginx;
use crate::{
    app::TestApp,
    backup::{custody, said},
    given::policy_with,
    reserved::Reserved,
};
use std::fs;

const SAYS: &str = "shows a certificate that is not trusted here";

/// E7: signing in, the page of collectors and an agent say that it is the certificate.
#[tokio::test(flavor = "multi_thread")]
async fn e7_a_certificate_that_is_not_trusted_is_said() {
    let replica = Reserved::new();
    let nginx = Nginx::before(&[replica.at]);
    let url = nginx.url().replace("custody.example.org", "localhost");
    let policy = policy_with(&format!(
        r#"
[identity]
private_addresses = true
[[identity.providers]]
id = "facility"
name = "Facility account"
issuer = "{url}"
client_id = "custody"
secret_variable = "PATH"
[[observations.collectors]]
name = "hall"
kind = "address"
addresses = ["{url}"]
covers = ["cppServer/*"]
"#
    ));
    let test = TestApp::with_policy(&policy).await;
    let answer = test.stranger().get("/sign-in/facility?next=/").await;
    assert_eq!(answer.status(), 502);
    let page = answer.text().await.unwrap();
    assert!(page.contains(&format!("Facility account {SAYS} (localhost).")), "{page}");

    let hall = test.app.policy.observations.collectors[0].clone();
    let doing = custody::service::collectors::poll(&test.app, &hall).await.unwrap().expect("it is due");
    assert!(doing.error.starts_with("localhost") && doing.error.ends_with(&format!(" {SAYS}.")), "{}", doing.error);

    let [token, table] = ["token", "runs.csv"].map(|name| test.dir.path().join(name));
    fs::write(&token, "custody_0").unwrap();
    let row = "SCS_TEST/MON/MAGNET,magnetClass,cppServer/contrib_scs_01,scs-rr-01,1.0.0,2026-11-21T02:47:00Z";
    fs::write(&table, format!("instance,class,server,host,version,since\n{row}\n")).unwrap();
    let ended = custody(&["observe", "--to", &url], &[("--from", &table), ("--token-file", &token)]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(said(&ended).contains(&format!("it {SAYS}")), "{}", said(&ended));
}
