//! Proof that the legs of a grant are present, or gone. Its marker is private to this module, so that a grant
//! becomes active, or ends, only by legs that say so.

use super::{
    compared::Compared,
    grant::GrantFacts,
    leg::{Leg, Proven},
    profile::ResolvedProfile,
    residual::Residual,
    transition::Target,
};
use std::marker::PhantomData;

/// Marker of [`Proof`]: everything that should be allowed is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {}
/// Marker of [`Proof`]: the objects that Latchkey wrote are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {}

/// Proof that every leg of a grant is proven. Only [`Proof::<Present>::of`] and [`Proof::<Gone>::of`] make one, from
/// the legs as the database has them after the finishing run wrote its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof<P> {
    pub(super) residual: Vec<Residual>,
    /// Whether the worker may not look up who the IAM user is now.
    pub(super) unprotected: bool,
    marker: PhantomData<P>,
}

/// Whether an activation waits for this leg.
///
/// What is written for the principal holds an activation back only if the profile needs IAM (console access): a kubectl
/// token needs no IAM permission at all. The identity of the user has to be known in any case.
fn holds_back(leg: &Leg, profile: &ResolvedProfile) -> bool {
    match leg.target {
        Target::Cluster(_) => true,
        Target::Principal(_) => profile.console,
    }
}

impl Proof<Present> {
    /// The proof, if the cluster's leg (and the principal's, for console access) is proven present by its last look,
    /// and the user is the one that was proven, or AWS does not let the worker look.
    pub fn of(legs: &[Leg], profile: &ResolvedProfile) -> Option<Self> {
        let compared = compared(legs).filter(|compared| compared.lets_activate())?;
        let unprotected = compared == Compared::Unprotected;
        is_present(legs, profile).then(|| Self { residual: residual(legs), unprotected, marker: PhantomData })
    }

    /// Whether only another look at the user's identity is missing.
    pub fn wants_comparison(legs: &[Leg], profile: &ResolvedProfile) -> bool {
        compared(legs) == Some(Compared::Stale) && is_present(legs, profile)
    }
}

/// What is known of the identity of the grant's user.
fn compared(legs: &[Leg]) -> Option<Compared> {
    legs.iter().find(|leg| matches!(leg.target, Target::Principal(_))).map(|leg| leg.compared)
}

/// Whether every leg that an activation waits for is proven present.
fn is_present(legs: &[Leg], profile: &ResolvedProfile) -> bool {
    let mut needed = legs.iter().filter(|leg| holds_back(leg, profile)).peekable();
    let cluster = legs.iter().any(|leg| matches!(leg.target, Target::Cluster(_)));
    cluster && needed.peek().is_some() && needed.all(|leg| leg.proven == Proven::Present)
}

impl Proof<Gone> {
    /// The proof, if both legs of the grant are proven gone: the one on its principal and the one on its cluster. A leg
    /// on any other target says nothing about this grant, and does not hold its end up.
    pub fn of(legs: &[Leg], facts: &GrantFacts) -> Option<Self> {
        let own: Vec<Leg> = legs.iter().filter(|leg| facts.targets().contains(&leg.target)).cloned().collect();
        let is_gone = |target| own.iter().any(|leg| leg.target == target && leg.proven == Proven::Gone);
        let all = facts.targets().into_iter().all(is_gone);
        all.then(|| Self { residual: residual(&own), unprotected: false, marker: PhantomData })
    }
}

fn residual(legs: &[Leg]) -> Vec<Residual> {
    legs.iter().flat_map(|leg| leg.residual.iter().cloned()).collect()
}
