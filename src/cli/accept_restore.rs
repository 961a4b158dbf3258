//! `latchkey accept-restore CLUSTER`: asks the worker to look at the cluster, and accepts what it saw.

use super::{owner, policy::system_user, print, say, tell};
use crate::{
    config::Settings,
    store::{
        Store,
        fence::{self, FencedCluster, Looked, NotAccepted, SetUpAgain},
    },
    words,
};
use anyhow::{Context, bail};
use latchkey_domain::access::{GrantId, cluster::ClusterName};
use std::{
    collections::BTreeSet,
    process::ExitCode,
    time::{Duration, Instant},
};

/// A run in progress ends within its lease, a minute; the next run looks at once.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's name in policy.toml
    #[arg(value_name = "CLUSTER")]
    cluster: ClusterName,
    /// Who accepts, for the audit log [default: the user of this system]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// An access that is active in the database, has no binding on the cluster, and is to be set up there again; may be
    /// given more than once, and `all` takes every such access
    #[arg(long, value_name = "ID|all", value_parser = wanted)]
    set_up_again: Vec<WantedAccesses>,
}

/// The accesses that are to be set up again: one, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WantedAccesses {
    All,
    One(GrantId),
}

fn wanted(text: &str) -> Result<WantedAccesses, String> {
    if text == "all" {
        return Ok(WantedAccesses::All);
    }
    let id = text.parse().map_err(|_| "it is neither `all` nor the id of an access, as this command prints it")?;
    Ok(WantedAccesses::One(GrantId(id)))
}

fn together(wanted: &[WantedAccesses]) -> SetUpAgain {
    let named = wanted.iter().map(|wanted| match wanted {
        WantedAccesses::All => None,
        WantedAccesses::One(grant) => Some(*grant),
    });
    named.collect::<Option<BTreeSet<GrantId>>>().map_or(SetUpAgain::All, SetUpAgain::Named)
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let by = args.by.clone().unwrap_or_else(system_user);
    let store = owner(settings).await?;
    let cluster = &args.cluster;
    let nothing = || format!("nothing was accepted for `{cluster}`");
    let looked = look(&store, cluster).await.with_context(nothing)?;
    let fenced = fence::fenced(&store).await?.into_iter().find(|fenced| fenced.name == cluster.as_str());
    let accepted = fence::accept(&store, &looked, &by, &together(&args.set_up_again)).await.with_context(nothing)?;
    say(format_args!(
        "`{cluster}` is accepted: the worker grants there again, and counts on from epoch {}",
        accepted.epoch
    ))?;
    print(&fenced.map(|fenced| left_over(&fenced)).unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}

/// Waits for a worker to look at the cluster, and returns what it saw.
async fn look(store: &Store, cluster: &ClusterName) -> anyhow::Result<Looked> {
    let asked = fence::ask_to_look(store, cluster).await?;
    tell(format_args!("waiting for a worker to look at `{cluster}` ..."));
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match fence::looked(store, &asked).await {
            Ok(Some(looked)) => return Ok(looked),
            Ok(None) => {}
            Err(NotAccepted::Unseen { cluster, why }) => bail!(
                "the worker cannot look at `{cluster}` ({}). Mend that, and run this again",
                words::blocker::sentence(&why)
            ),
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!(
        "no worker looked at it within {} s, and only what was looked at is accepted: start one (`latchkey worker`; \
         `latchkey doctor` says which live), and run this again",
        PATIENCE.as_secs()
    )
}

/// What that look found on the cluster that belongs to no access or person of this database, in lines.
fn left_over(fenced: &FencedCluster) -> String {
    let bindings = fenced.unknown_bindings.iter();
    let bindings = bindings.map(|binding| format!("{binding} belongs to no access here: the worker removes it now\n"));
    let names = fenced.unknown_names.iter().map(|name| {
        format!(
            "aws-auth maps an identity to `{name}`, which is not the username of any person here: it allows nothing \
             without a binding; take the line out (`latchkey aws-auth edit --remove ARN`)\n"
        )
    });
    let entries = fenced.unknown_entries.iter().map(|arn| {
        format!(
            "the access entry of {arn} has Latchkey's tag or username, and this database does not know it: see on the \
             cluster's page what it gives, and delete it (`aws eks delete-access-entry --cluster-name {} --principal-arn \
             {arn}`)\n",
            fenced.name
        )
    });
    bindings.chain(names).chain(entries).collect()
}
