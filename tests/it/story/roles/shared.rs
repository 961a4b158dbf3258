//! Roles of which anybody who may use them can take any session's name.

use super::Holder;
use crate::stage::{PATH, Stage, roles::unpinned};

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_several_people_share_is_proven_and_given_nothing() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &unpinned(stage.account())).await;
    let ana = Holder::proven(&stage, "ana", &role).await;
    // Under one session name: it says nothing of who somebody is.
    let gus = Holder { browser: stage.signed_in("gus").await, session: ana.session.clone() };
    gus.prove().await;
    for holder in [&ana, &gus] {
        holder.cannot_ask("Several people can use this role, and each of them would have the access").await;
    }
}
