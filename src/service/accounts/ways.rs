//! By what somebody signs in, and how it is taken away again where somebody else has it (A2, A31).

use crate::{
    app::App,
    domain::{
        id::PersonId,
        person_entry::PersonEntry,
        policy::Provider,
        refusal::{Code, Refusal},
    },
    service::{
        Caller, Error, Result, closing,
        identity::{self, Word},
        people::{line, must_be_admin},
        secret,
        sessions::{self, LOCAL},
        telling::account_changed,
    },
    store::{self, accounts::Account, teams::Team},
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
    /// Why whom it leads to does not remove it themselves.
    pub kept: Option<Refusal>,
}

fn id(account: &Account) -> String {
    secret::hash(&format!("{}\n{}", account.issuer, account.subject))
}

/// The providers in the policy of whom an account is.
fn providers<'a>(app: &'a App, account: &'a Account) -> impl Iterator<Item = &'a Provider> {
    app.policy.identity.providers.iter().filter(move |p| p.issuer == account.issuer)
}

/// The same where it is the last one there: what they say of groups counts no longer with it.
fn left<'a>(app: &'a App, gone: &'a Account, all: &[Account]) -> Vec<&'a Provider> {
    match all.iter().filter(|a| a.issuer == gone.issuer).count() {
        1 => providers(app, gone).collect(),
        _ => Vec::new(),
    }
}

/// Why whom one of them leads to does not remove it themselves.
fn kept(app: &App, account: &Account, all: &[Account]) -> Option<Refusal> {
    let is_other = |a: &Account| (&a.issuer, &a.subject) != (&account.issuer, &account.subject);
    // They would be two people, one of whom approves what the other contributed (A1, A2).
    if account.issuer != LOCAL {
        let why =
            "Whoever signs in with it afterwards is somebody new here. An administrator other than you can remove it.";
        return Some(Refusal::new(Code::NotYours, why));
    }
    if !all.iter().any(|a| is_other(a) && identity::lets_in(app, a)) {
        let why = "You sign in with nothing else. An administrator other than you can remove it.";
        return Some(Refusal::new(Code::WrongState, why));
    }
    None
}

fn way(app: &App, account: &Account, all: &[Account]) -> WayIn {
    let provider = providers(app, account).next().map_or(&account.issuer, |p| &p.name);
    WayIn {
        id: id(account),
        provider: (account.issuer != LOCAL).then(|| provider.clone()),
        subject: account.subject.clone(),
        opens: identity::lets_in(app, account),
        kept: kept(app, account, all),
    }
}

fn find<'a>(all: &'a [Account], way: &str) -> Result<&'a Account> {
    all.iter().find(|account| id(account) == way).ok_or(Error::NotFound)
}

/// By what somebody signs in: names here, then providers.
pub async fn list(app: &App, person: PersonId) -> Result<Vec<WayIn>> {
    let accounts = store::accounts::list_of(&app.db.read, person).await?;
    let mut all: Vec<WayIn> = accounts.iter().map(|account| way(app, account, &accounts)).collect();
    all.sort_by_key(|way| way.provider.is_some());
    Ok(all)
}

/// The groups that somebody is taken out of with one of them, by name.
pub async fn list_groups_left(app: &App, person: PersonId, way: &str) -> Result<Vec<String>> {
    let c = &app.db.read;
    let all = store::accounts::list_of(c, person).await?;
    let providers = left(app, find(&all, way)?, &all);
    let takes_out = |p: &Provider, t: &Team| identity::fills(p, t) && identity::said_last(app, p, &all, t).is_none();
    let is_left =
        |t: &Team| t.members.iter().any(|m| m.0 == person) && providers.iter().any(|provider| takes_out(provider, t));
    let teams = store::teams::list_teams(c).await?.into_iter();
    Ok(teams.filter(is_left).map(|t| t.name).collect())
}

/// Takes one of it away. Their sessions end but `keep`, and so do links that were made for them; with the last account of a
/// provider they leave the groups that it put them into, and that no other one said last, not too long ago. Somebody does so
/// for themselves with a name while another thing lets them in; an administrator for everybody else, and with the last one
/// too.
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
            let gone = find(&all, &way)?;
            if let Some(why) = kept(&app, gone, &all).filter(|_| is_own) {
                return Err(why.into());
            }
            store::accounts::delete(&tx, &gone.issuer, &gone.subject).await?;
            if gone.issuer == LOCAL {
                // Whoever gets the name next does not wait for what was tried with it (A34).
                store::guesses::delete_of(&tx, &sessions::account_digest(&gone.subject)).await?;
            }
            for provider in left(&app, gone, &all) {
                identity::follow(&tx, &app, person, provider, Word::Gone(&all), &caller.origin).await?;
            }
            closing::must_still_have_an_administrator(&tx, &app, person).await?;
            store::doors::delete_other_sessions(&tx, person, &keep).await?;
            store::doors::delete_invitations(&tx, person).await?;
            // Who somebody is there is personal (A37).
            let provider = providers(&app, gone).next();
            let body = provider.map_or_else(|| json!({}), |p| json!({ "provider": p.id }));
            let line = line(&app, &caller, person, PersonEntry::AccountRemoved, body);
            let name = match gone.issuer == LOCAL {
                true => format!("name {}", gone.subject),
                false => format!("with {}", provider.map_or(&gone.issuer, |p| &p.name)),
            };
            let did = format!("removed the sign-in {name}: it leads to you no longer. Your sessions have ended.");
            account_changed(&tx, &app, &caller, person, line, &did).await?;
            Ok(tx.commit().await?)
        })
        .await?
}
