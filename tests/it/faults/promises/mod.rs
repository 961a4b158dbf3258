//! The nine promises, asserted from the outside: by the rows of the database as its owner reads them, by what the
//! simulated AWS and API server hold and ever held, by the answers that a person's own credentials get, and by the
//! audit chain. Nothing here asks the worker.
//!
//! | promise | at any moment | only once a worker has done everything |
//! |---|---|---|
//! | 1 decided | every access names request, deciders and policy; there was no access before | |
//! | 2 revocation | what ends is due soon | nothing is ending |
//! | 3 foreign bytes | each text of aws-auth is that from before, but for recorded lines | exactly the text from before
//! |
//! | 4 proven, named | it worked when it was called active, and not after it was called ended | the answers of now |
//! | 5 overlap | from its activation to its end no change cut an access | |
//! | 6 bounded | bounds first, then intents, then writes | nothing is past its bound |
//! | 7 together | each state has its event and its wake, in order | |
//! | 8 crash | one access a request, one activation an access | no intent is open, no more is bound than is active |
//! | 9 identity | the rows and the writes name the person who acted | |

mod decided;
mod ledger;
mod over_time;
pub mod writes;

use crate::worker::{PROD, World};
use ledger::Ledger;
use std::collections::BTreeMap;

/// When something is asserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At any moment between two steps of any process, also right after a death.
    Always,
    /// After a worker ran on everything, and nothing failed.
    AtRest,
}

/// What was there before the first request.
pub struct Promises {
    aws_auth: BTreeMap<String, String>,
    begun: jiff::Timestamp,
}

impl Promises {
    /// Looks at a world without a request.
    pub fn of(world: &World) -> Self {
        Self { aws_auth: world.aws_auth(PROD), begun: jiff::Timestamp::now() }
    }

    /// Asserts what must hold now.
    pub async fn check(&self, world: &World, when: When) {
        let ledger = Ledger::read(world).await;
        decided::check(&ledger, when);
        over_time::check(self, world, &ledger, when);
        over_time::answers(world, &ledger, when).await;
        writes::check(world, &ledger, when);
        let verified = latchkey::store::audit::verify(world.town.owner.pool(), |_| {}).await;
        let verified = verified.unwrap_or_else(|error| panic!("7: {error}"));
        if when == When::AtRest {
            assert_eq!(verified.unsealed, 0, "7: events without a link");
        }
    }
}
