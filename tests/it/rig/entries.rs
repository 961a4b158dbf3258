//! EKS's own table of access entries, which the simulator has, in front of a real authenticator. It hears of an entry,
//! and of its end, as late as the simulator's knobs say.

use latchkey_components::entries::{AskedInOrder, EnteredPrincipal, EntryFiles};
use latchkey_simulator::{
    aws::{Aws, HeldEntry},
    seed::AuthenticationMode,
};
use std::time::Duration;

/// How often the mirror looks. The authenticator reads what changed some ten milliseconds later.
const EVERY: Duration = Duration::from_millis(25);

/// Copies a cluster's entries that are in force, and its mode, to the files of its authenticator whenever they change,
/// until it is dropped.
pub struct Mirror(tokio::task::JoinHandle<()>);

impl Mirror {
    /// Copies at once, and goes on.
    pub fn start(eks: Aws, cluster: &str, files: &EntryFiles) -> Self {
        let (cluster, files) = (cluster.to_owned(), files.clone());
        let mut copied = Copied::default();
        copied.follow(&eks, &cluster, &files);
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                copied.follow(&eks, &cluster, &files);
            }
        }))
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What an authenticator asks in a mode.
pub fn order(mode: AuthenticationMode) -> AskedInOrder {
    match mode {
        AuthenticationMode::ConfigMap => AskedInOrder::AwsAuth,
        AuthenticationMode::ApiAndConfigMap => AskedInOrder::EntriesThenAwsAuth,
        AuthenticationMode::Api => AskedInOrder::Entries,
    }
}

/// What the files say.
#[derive(Default)]
struct Copied {
    entries: Option<Vec<EnteredPrincipal>>,
    order: Option<AskedInOrder>,
}

impl Copied {
    fn follow(&mut self, eks: &Aws, cluster: &str, files: &EntryFiles) {
        let entries: Vec<_> = eks.entries_in_force(cluster).into_iter().filter_map(entered).collect();
        if self.entries.as_ref() != Some(&entries) {
            files.write_entries(&entries).expect("the rig's folder can be written");
            self.entries = Some(entries);
        }
        let order = eks.mode(cluster).map(order);
        if self.order != order {
            if let Some(order) = order {
                files.write_order(order).expect("the rig's folder can be written");
            }
            self.order = order;
        }
    }
}

/// A principal whose id EKS does not know is let in by no entry.
fn entered(held: HeldEntry) -> Option<EnteredPrincipal> {
    let HeldEntry { principal_arn: arn, principal_id: id, username, groups, .. } = held;
    id.map(|id| EnteredPrincipal { arn, id, username, groups })
}
