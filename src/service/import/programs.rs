//! What another program has, NetBox, a Tango database or a Karabo web server: by the answer that somebody recorded, or
//! asked now, at an address and with a token that somebody entered. The token is for these questions alone, and is kept
//! nowhere.

use super::{
    Table, karabo, netbox as hosts,
    tango::{self as gateway, SECONDS},
};
use crate::{
    app::App,
    domain::{telling::Secret, webhook::WebhookAddress},
    ports::{
        collectors::{Asker, not_admitted},
        netbox,
    },
    service::{Caller, Result, invalid, people::must_be_admin},
};

/// A program, and which of what it has is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Hosts; those with the tag of this slug have reduced support.
    Netbox { reduced_tag: String },
    /// Servers, for this instrument where one is named; those that fit a pattern stay out.
    Tango { instrument: String, leave_out: Vec<String> },
    /// The same, of a Karabo web server or an aggregator.
    Karabo { instrument: String, leave_out: Vec<String> },
}

/// How it is known what the program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// By its answer, from a file of this name.
    Recorded { source: &'a str, answer: &'a str },
    /// By asking it.
    Asked { address: &'a str, token: Option<Secret> },
}

/// What the program has, as a table, and what is to be known of it; nothing is asked for anybody but an administrator.
pub async fn read_program(
    app: &App,
    caller: &Caller,
    program: &Program,
    told: Told<'_>,
) -> Result<(Table, Vec<String>)> {
    must_be_admin(&app.db.read, caller).await?;
    if let Program::Netbox { reduced_tag } = program
        && let Err(why) = hosts::tag_slug(reduced_tag)
    {
        return invalid("reduced_tag", why);
    }
    match told {
        Told::Recorded { source, answer } => match recorded(program, source, answer) {
            Ok(read) => Ok(read),
            Err(why) => invalid("answer", why),
        },
        Told::Asked { address, token } => {
            let rules = app.policy.import_rules();
            let address = match WebhookAddress::parse(address, &rules) {
                Ok(address) => address,
                Err(problem) => return invalid("address", not_admitted(&problem)),
            };
            match ask(app, program, &address, token.as_ref()).await {
                Ok(read) => Ok(read),
                Err(why) => invalid("address", why),
            }
        }
    }
}

fn recorded(program: &Program, source: &str, answer: &str) -> std::result::Result<(Table, Vec<String>), String> {
    match program {
        Program::Netbox { reduced_tag } => hosts::hosts(netbox::recorded(answer)?, reduced_tag, source),
        Program::Tango { instrument, leave_out } => gateway::servers(answer, instrument, leave_out, source),
        Program::Karabo { instrument, leave_out } => karabo::servers(answer, None, instrument, leave_out, source),
    }
}

async fn ask(
    app: &App,
    program: &Program,
    address: &WebhookAddress,
    token: Option<&Secret>,
) -> std::result::Result<(Table, Vec<String>), String> {
    let rules = app.policy.import_rules();
    let (header, seconds): (fn(&str) -> String, u32) = match program {
        Program::Netbox { .. } => (netbox::authorization, netbox::SECONDS),
        Program::Tango { .. } | Program::Karabo { .. } => (gateway::authorization, SECONDS),
    };
    let asker = Asker::guarded(address, &rules, token, header, seconds).await?;
    let url = address.url();
    match program {
        Program::Netbox { reduced_tag } => {
            hosts::hosts(netbox::machines(&asker, url).await?, reduced_tag, url.as_str())
        }
        Program::Tango { instrument, leave_out } => {
            gateway::servers(&gateway::ask(&asker, url.as_str()).await?, instrument, leave_out, url.as_str())
        }
        Program::Karabo { instrument, leave_out } => {
            let answer = asker.get(url.as_str(), &[]).await?;
            karabo::servers(&answer, url.host_str(), instrument, leave_out, url.as_str())
        }
    }
}
