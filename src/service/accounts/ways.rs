//! By what somebody signs in, and how it is taken away again where somebody else has it (A2, A31).

use crate::{
    app::App,
    domain::{
        id::PersonId,
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    service::{
        Caller, Error, Result, closing, identity,
        people::{line, must_be_admin},
        secret,
        sessions::LOCAL,
    },
    store::{self, accounts::Account},
};
use serde_json::json;

/// One thing that leads to a person who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayIn {
    /// Names it in addresses, which stand in logs: what somebody is called at a provider does not.
    pub id: String,
    /// The provider's name, or its issuer where it is no longer in the policy; `None` of a sign-in name here.
    pub provider: Option<String>,
    /// The sign-in name here, or whom the provider says that it is.
    pub subject: String,
    /// Whether it lets anybody in, under the policy in force.
    pub opens: bool,
}

fn id(account: &Account) -> String {
    secret::hash(&format!("{}\n{}", account.issuer, account.subject))
}

fn way(app: &App, account: Account) -> WayIn {
    let known = app.policy.identity.providers.iter().find(|p| p.issuer == account.issuer);
    let provider = known.map_or(&account.issuer, |p| &p.name);
    WayIn {
        id: id(&account),
        provider: (account.issuer != LOCAL).then(|| provider.clone()),
        opens: identity::lets_in(app, &account),
        subject: account.subject,
    }
}

/// By what somebody signs in: names here, then providers.
pub async fn list(app: &App, person: PersonId) -> Result<Vec<WayIn>> {
    let all = store::accounts::list_of(&app.db.read, person).await?;
    let mut all: Vec<WayIn> = all.into_iter().map(|account| way(app, account)).collect();
    all.sort_by_key(|way| way.provider.is_some());
    Ok(all)
}

/// Takes one of it away. Their sessions end but `keep`, and so do links that were made for them. Somebody does so for
/// themselves while another one lets them in; an administrator for everybody, and of the last one too.
pub async fn remove(app: &App, caller: &Caller, person: PersonId, way: &str, keep: &str) -> Result<()> {
    let (app, caller, way, keep) = (app.clone(), caller.clone(), way.to_owned(), keep.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let is_own = caller.actor.person() == Some(person);
            if !is_own {
                must_be_admin(&tx, &caller).await?;
            }
            let all = store::accounts::list_of(&tx, person).await?;
            let gone = all.iter().find(|account| id(account) == way).ok_or(Error::NotFound)?;
            let is_other = |a: &Account| (&a.issuer, &a.subject) != (&gone.issuer, &gone.subject);
            if is_own && !all.iter().any(|a| is_other(a) && identity::lets_in(&app, a)) {
                let why = "You sign in with nothing else. An administrator can remove it.";
                return Err(Refusal::new(Code::WrongState, why).into());
            }
            store::accounts::delete(&tx, &gone.issuer, &gone.subject).await?;
            closing::must_still_have_an_administrator(&tx, &app, person).await?;
            store::doors::delete_other_sessions(&tx, person, &keep).await?;
            store::doors::delete_invitations(&tx, person).await?;
            // Who somebody is there is personal (A37).
            let of = app.policy.identity.providers.iter().find(|p| p.issuer == gone.issuer);
            let body = of.map_or_else(|| json!({}), |p| json!({ "provider": p.id }));
            let line = line(&app, &caller, person, PersonEntry::AccountRemoved, body);
            store::journal::append(&tx, vec![line]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}
