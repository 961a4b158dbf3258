//! What the planner does in various situations.

mod aws_auth;
mod endings;
mod entries;
mod obstacles;
mod own_roles;
mod preview;
mod proof;
mod roles;
mod undescribed;
mod usernames;
mod wider;

use super::{desired::Wish, model::World, proof::Judgement, samples};
use crate::access::GrantId;
use uuid::Uuid;

fn id(number: u128) -> GrantId {
    GrantId(Uuid::from_u128(number))
}

fn set_users(world: &mut World, text: Option<&str>) {
    let object = world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
    match text {
        Some(text) => object.data.insert("mapUsers".into(), text.into()),
        None => object.data.remove("mapUsers"),
    };
}

fn wish(world: &mut World, number: u128, wish: Wish) {
    world.grants.iter_mut().find(|grant| grant.id == id(number)).unwrap().wish = wish;
}

fn revoke() -> Wish {
    Wish::Revoke { since: samples::now() }
}

/// Brings everything to its desired state, and removes what is over from the world.
fn settle_and_end(world: &mut World) {
    world.settle();
    let ended: Vec<u128> =
        world.grants.iter().filter(|grant| !grant.wish.is_present()).map(|grant| grant.id.0.as_u128()).collect();
    for number in ended {
        assert_eq!(world.prove(number), Judgement::Proven { residual: vec![] }, "grant {number}");
        world.grants.retain(|grant| grant.id != id(number));
    }
}
