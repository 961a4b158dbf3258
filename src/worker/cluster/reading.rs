//! Reading every identity that a cluster lets in, once an operator asks for that: its access entries, whose list gives
//! only names, and whether the IAM users that aws-auth names are there.
//!
//! A run reads some after what the run before read to, in the order of their ARNs, and is due again at once while there
//! are more. What people wait for goes first: a run that sets up or takes away an access reads nothing, and one that
//! reads stops once the target is woken. No failure of it changes what the run found of accesses.

use super::{ClusterRun, entries::ENTRIES_AT_ONCE};
use crate::{
    aws::KnownEntity,
    fault::{Fault, FaultKind},
    store::{
        readings::{self, MOST_BYTES, OpenReading, ReadPart, ReadingEnd},
        targets,
    },
    worker::{interrupted::Interrupted, trail},
};
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::blocker::Blocker,
    eks::arn::{PrincipalArn, UserArn},
    plan::{
        authenticator::Authenticator,
        desired::Wish,
        observation::{AccessEntry, ClusterObservation, EntryDetails, EntryHolders},
    },
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The most identities that a run asks about.
const A_RUN: usize = 400;

/// How long a run goes on asking.
const READS_FOR: Duration = Duration::from_secs(5);

/// How long one answer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);

/// How often it looks whether the target was woken.
const LOOKS: Duration = Duration::from_millis(250);

/// So many refusals in a row are no condition on single entries.
const ALL_REFUSED: usize = 3;

/// What has to be left of the lease.
const LEASE_LEFT: Duration = Duration::from_secs(25);

/// The pause between two runs that read.
const GOES_ON: Duration = Duration::from_secs(1);

/// The pause if accesses come or go, or if AWS asks for fewer calls.
const WAITS: Duration = Duration::from_secs(20);

/// An identity to ask about.
#[derive(Debug, Clone, Default)]
struct Asked {
    /// As EKS spells it, if it has an access entry.
    entry: Option<String>,
    /// Whether a line of aws-auth names this IAM user.
    user: Option<UserArn>,
}

/// What AWS said about it.
struct Told {
    /// In lower case.
    key: String,
    /// Its access entry, or the fault of the call about this ARN.
    entry: Result<Option<AccessEntry>, (String, Fault)>,
    /// Whether IAM does not have the user of a line; `None` if it did not say.
    gone: Option<bool>,
}

impl ClusterRun<'_> {
    /// Goes on with a reading of the cluster, if an operator asked for one. Returns when the next run should.
    ///
    /// # Errors
    /// `Lost` if another worker claimed the target. What else fails is logged, and the next run tries again.
    pub(super) async fn read_on(&self, seen: &ClusterObservation) -> Result<Option<Duration>, Interrupted> {
        match self.read_some(seen).await {
            Ok(rests) => Ok(rests),
            Err(lost @ Interrupted::Lost(_)) => Err(lost),
            Err(error) => {
                tracing::error!(on = %self.lease.target(), ?error, "a reading of access entries did not go on");
                Ok(None)
            }
        }
    }

    /// A reading that cannot go on waits for the next look at the cluster, which comes within minutes.
    async fn read_some(&self, seen: &ClusterObservation) -> Result<Option<Duration>, Interrupted> {
        let reading = {
            let mut connection = self.worker.store.acquire().await?;
            readings::open(&mut connection, self.cluster).await?
        };
        let Some(reading) = reading else { return Ok(None) };
        if self.holders.seen.unknown().is_some() || self.lease.left() < LEASE_LEFT {
            return Ok(None);
        }
        let is_awaited = self.desired.grants.iter().any(|grant| !grant.resting && grant.wish != Wish::Keep);
        let is_ending = self.desired.quarantined.iter().any(|row| row.ends && !row.resting);
        if is_awaited || is_ending {
            return Ok(Some(WAITS));
        }
        if reading.waits.is_some() {
            return Ok(reading.waits);
        }
        let all = to_ask(seen);
        let begins = reading.read_to.is_none().then_some(all.len());
        let mut tx = trail::held(&self.worker.store, self.lease).await?;
        let is_free = tx.take_reading(begins).await?;
        trail::commit(tx).await?;
        if !is_free {
            return Ok(None);
        }
        let (part, waits) = self.part(&reading, &all).await;
        let mut tx = trail::held(&self.worker.store, self.lease).await?;
        let is_kept = tx.keep_reading(&part).await?;
        trail::commit(tx).await?;
        let rests = if waits { WAITS } else { GOES_ON };
        Ok(is_kept.then(|| part.ends.is_none().then_some(rests)).flatten())
    }

    /// Asks about the next ones, in order, and whether AWS wants fewer calls. What fails after others were read is asked
    /// about again by the next run; what fails as a run's first is told as that, so that no entry holds up the others.
    async fn part(&self, reading: &OpenReading, all: &BTreeMap<String, Asked>) -> (ReadPart, bool) {
        let mut part = ReadPart::default();
        let after = reading.read_to.as_deref().unwrap_or_default();
        let open = all.iter().filter(|(key, _)| key.as_str() > after);
        let calls: Vec<_> = open.clone().take(A_RUN).map(|(key, asked)| self.ask(key, asked).boxed()).collect();
        let stops = Box::pin(self.stops());
        let mut answers = stream::iter(calls).buffered(ENTRIES_AT_ONCE).take_until(stops);
        let (mut waits, mut bytes, mut refused) = (false, reading.bytes, 0);
        while let Some(Told { key, entry, gone }) = answers.next().await {
            let is_refused = |fault: &Fault| matches!(fault.kind(), FaultKind::Refused { .. });
            refused = if entry.as_ref().is_err_and(|(_, fault)| is_refused(fault)) { refused + 1 } else { 0 };
            let entry = match entry {
                Ok(entry) => entry,
                // Every other one would be refused as well.
                Err((_, fault)) if refused == ALL_REFUSED => {
                    part.ends = Some(ReadingEnd::Refused(Box::new(Blocker::from(&fault))));
                    break;
                }
                Err((arn, fault)) if is_refused(&fault) => {
                    Some(AccessEntry { arn, details: EntryDetails::Unknown(Blocker::from(&fault)) })
                }
                Err((arn, fault)) if part.read == 0 && !matches!(fault.kind(), FaultKind::Throttled { .. }) => {
                    Some(AccessEntry { arn, details: EntryDetails::Unknown(Blocker::from(&fault)) })
                }
                Err((arn, fault)) => {
                    tracing::warn!(cluster = %self.arn, arn, error = %fault, "a reading of entries goes on later");
                    waits = true;
                    break;
                }
            };
            bytes += entry.as_ref().map_or(0, size);
            if bytes > MOST_BYTES {
                part.ends = Some(ReadingEnd::TooMuch);
                break;
            }
            part.read += 1;
            part.entries.extend(entry);
            match gone {
                Some(true) => part.gone.push(key.clone()),
                Some(false) => {}
                None => part.unknown += 1,
            }
            part.read_to = Some(key);
        }
        if part.ends.is_none() && part.read == open.count() {
            part.ends = Some(ReadingEnd::All);
        }
        (part, waits)
    }

    /// Returns once the run has asked for long enough, or the target was woken.
    async fn stops(&self) {
        let until = Instant::now() + READS_FOR;
        while Instant::now() < until {
            tokio::time::sleep(LOOKS).await;
            match targets::generation(&self.worker.store, self.lease.target()).await {
                Ok(generation) if generation <= self.lease.generation() => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    async fn ask(&self, key: &str, asked: &Asked) -> Told {
        // At once, so that both answers come in time or not at all before the run stops asking.
        let (entry, gone) = tokio::join!(self.entry(asked.entry.as_deref()), self.is_gone(asked.user.as_ref()));
        Told { key: key.to_owned(), entry, gone }
    }

    async fn entry(&self, arn: Option<&str>) -> Result<Option<AccessEntry>, (String, Fault)> {
        let Some(arn) = arn else { return Ok(None) };
        let Ok(principal) = PrincipalArn::parse(arn) else { return Ok(Some(AccessEntry::named(arn))) };
        match tokio::time::timeout(ANSWERS_WITHIN, self.worker.aws.access_entry(self.arn, &principal)).await {
            Ok(Ok(entry)) => Ok(entry.map(|entry| AccessEntry { arn: arn.to_owned(), ..entry })),
            Ok(Err(fault)) => Err((arn.to_owned(), fault)),
            Err(_elapsed) => {
                let slow = Fault::new(FaultKind::Transient, "read", "an access entry");
                Err((arn.to_owned(), slow.because("no answer in time")))
            }
        }
    }

    /// Whether IAM does not have the user; `None` if it did not say.
    async fn is_gone(&self, user: Option<&UserArn>) -> Option<bool> {
        let Some(user) = user else { return Some(false) };
        match tokio::time::timeout(ANSWERS_WITHIN, self.worker.aws.known_user(user)).await {
            Ok(Ok(KnownEntity::Is(_))) => Some(false),
            Ok(Ok(KnownEntity::NotThere)) => Some(true),
            Ok(Ok(KnownEntity::NotAllowed(_)) | Err(_)) | Err(_) => None,
        }
    }
}

/// The identities to ask about, by their ARN in lower case.
fn to_ask(seen: &ClusterObservation) -> BTreeMap<String, Asked> {
    let mut all: BTreeMap<String, Asked> = BTreeMap::new();
    if let EntryHolders::Listed(entries) = &seen.entries {
        for entry in entries {
            all.entry(entry.arn.to_ascii_lowercase()).or_default().entry = Some(entry.arn.clone());
        }
    }
    let authenticator = Authenticator::of(seen);
    let lines = authenticator.takes_lines().then(|| authenticator.lines().users());
    for arn in lines.into_iter().flatten() {
        if let Ok(PrincipalArn::User(user)) = PrincipalArn::parse(arn) {
            all.entry(arn.to_ascii_lowercase()).or_default().user = Some(user);
        }
    }
    all
}

/// What is kept of it, in bytes, about.
fn size(entry: &AccessEntry) -> usize {
    entry.arn.len() + serde_json::to_vec(&entry.details).map_or(0, |json| json.len())
}
