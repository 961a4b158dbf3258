//! The proof of a run: questions to the API server's authorizer, asked until they settle or the time for it is over.
//!
//! A run waits 1.5 s for the API server's caches; after that the leg is looked at again later. What the questions are,
//! and what the answers mean, is in [`latchkey_domain::plan::proof`].

use super::{
    super::{finish::LegFound, interrupted::Interrupted},
    ClusterRun,
};
use crate::{fault::Fault, kubernetes, machine, store::intents, words};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{
        blocker::Blocker,
        evidence::{self, Evidence},
        sighting::Sighting,
    },
    plan::{
        authenticator::RecordedMapping,
        cluster::Step,
        desired::{BindingKey, DesiredGrant, Wish},
        obstacles::allows_more,
        proof::{
            AnswersByQuestion, AskedGrant, Judgement, Look, Question, is_put_back, left_behind, prove_gone,
            prove_present, questions_gone,
        },
    },
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How long a run waits for the API server's caches; after that the leg is looked at again later.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The pause between two rounds of the same questions.
const PAUSE: Duration = Duration::from_millis(40);

impl ClusterRun<'_> {
    /// Judges grants by the observation after the writes, and by the API server's answers.
    pub(super) async fn prove<'g>(
        &'g self,
        grants: &[&'g DesiredGrant],
        look: &Look<'_>,
    ) -> Result<Vec<(&'g DesiredGrant, LegFound)>, Interrupted> {
        let (present, gone): (Vec<&DesiredGrant>, Vec<&DesiredGrant>) =
            grants.iter().copied().partition(|grant| grant.wish.is_present());
        let (present, gone) = tokio::join!(self.prove_all_present(&present, look), self.prove_all_gone(&gone, look));
        let mut found = present;
        found.extend(gone?);
        Ok(found)
    }

    async fn prove_all_present<'g>(
        &'g self,
        grants: &[&'g DesiredGrant],
        look: &Look<'_>,
    ) -> Vec<(&'g DesiredGrant, LegFound)> {
        let asked: Vec<AskedGrant<'g>> = grants
            .iter()
            .filter_map(|grant| Some(AskedGrant::about(grant, self.plan.identities.get(&grant.id)?, look.state)))
            .collect();
        let questions: BTreeSet<Question> = asked.iter().flat_map(|asked| asked.questions.all().cloned()).collect();
        let begun = Instant::now();
        let mut answers = AnswersByQuestion::new();
        let mut open = questions;
        loop {
            match ask(&self.reached.client, &open).await {
                Ok(new) => answers.extend(new),
                Err(fault) => return grants.iter().map(|grant| (*grant, LegFound::Failed(fault.repeated()))).collect(),
            }
            let verdicts: Vec<(&AskedGrant<'g>, Judgement)> =
                asked.iter().map(|asked| (asked, prove_present(self.desired, asked, look, &answers))).collect();
            let settled = verdicts.iter().all(|(_, verdict)| matches!(verdict, Judgement::Proven { .. }));
            if settled || begun.elapsed() > PATIENCE || !waits_for_answers(&verdicts, look, self) {
                return verdicts
                    .into_iter()
                    .map(|(asked, verdict)| (asked.grant, self.present(asked, look, &answers, verdict)))
                    .collect();
            }
            tokio::time::sleep(PAUSE).await;
            let still = verdicts.iter().filter(|(_, verdict)| !matches!(verdict, Judgement::Proven { .. }));
            open = still.flat_map(|(asked, _)| asked.questions.all().cloned()).collect();
        }
    }

    fn present(
        &self,
        asked: &AskedGrant<'_>,
        look: &Look<'_>,
        answers: &AnswersByQuestion,
        verdict: Judgement,
    ) -> LegFound {
        let AskedGrant { grant, identity, questions } = asked;
        let state = look.state;
        match verdict {
            Judgement::Proven { .. } if let Some((until, rest)) = self.settles(grant, look) => {
                let cluster = self.desired.name.clone();
                LegFound::Settling(Blocker::EntrySettles { cluster, until }, rest)
            }
            Judgement::Proven { residual } => {
                let mapped = Sighting::Mapped { arn: grant.arn.to_string(), username: identity.username.clone() };
                let bound = grant
                    .bindings(self.desired.installation, &identity.username)
                    .into_iter()
                    .map(|spec| (BindingKey::of(&spec).to_string(), spec.cluster_role))
                    .map(|(binding, cluster_role)| Sighting::Bound { binding, cluster_role });
                let wider = allows_more(grant, state, &self.desired.name);
                let asked = Sighting::Reviewed {
                    can: questions.can.len(),
                    cannot: questions.cannot.len(),
                    clean: residual.is_empty() && wider.is_empty(),
                };
                let seen = std::iter::once(mapped).chain(bound).chain([asked]).collect();
                let shown = |list: &[Question]| -> Vec<String> {
                    list.iter().map(|question| question.attributes.to_string()).collect()
                };
                let (refused, wrongly_allowed): (Vec<Question>, Vec<Question>) =
                    questions.cannot.iter().cloned().partition(|question| answers.get(question) == Some(&false));
                let answers = evidence::Answers {
                    username: identity.username.clone(),
                    allowed: shown(&questions.can),
                    refused: shown(&refused),
                    wrongly_allowed: shown(&wrongly_allowed),
                };
                let residual = Some(residual);
                LegFound::Proven(Evidence { answers: Some(answers), seen, residual, wider, ..Evidence::default() })
            }
            Judgement::Unsettled(why) => LegFound::Unsettled(why),
            Judgement::Refuted(why) => LegFound::Blocked(why),
        }
    }

    /// Until when the API servers may not have read the access entry of a new access, and for how long from now.
    fn settles(&self, grant: &DesiredGrant, look: &Look<'_>) -> Option<(Timestamp, Duration)> {
        if grant.wish != Wish::Provision {
            return None;
        }
        let mut made = self.plan.steps.iter().filter_map(Step::made_entry);
        let is_made_now = made.any(|entry| entry.principal == grant.terms.principal);
        let left = if is_made_now {
            Some(self.desired.entry_settle).filter(SignedDuration::is_positive)
        } else {
            look.authenticator.entry_settles(self.desired, grant.arn.as_str())
        }?;
        Some((machine::now().checked_add(left).ok()?, Duration::try_from(left).ok()?))
    }

    async fn prove_all_gone<'g>(
        &self,
        grants: &[&'g DesiredGrant],
        look: &Look<'_>,
    ) -> Result<Vec<(&'g DesiredGrant, LegFound)>, Interrupted> {
        let mut found = Vec::new();
        let mut asked: Vec<(&DesiredGrant, Vec<Question>)> = Vec::new();
        for grant in grants {
            match left_behind(self.desired, grant, self.bound(grant), look) {
                // A person has to act: it is retried without limit, but less often.
                Some(why) if is_put_back(self.desired, grant) => found.push((*grant, LegFound::Blocked(why))),
                Some(why) => found.push((*grant, LegFound::Unsettled(why))),
                None => asked.push((grant, questions_gone(grant, self.bound(grant), look))),
            }
        }
        if asked.is_empty() {
            return Ok(found);
        }
        let deletes = intents::deletes(&self.worker.store, self.lease.target()).await?;
        let questions: BTreeSet<Question> = asked.iter().flat_map(|(_, questions)| questions.clone()).collect();
        let begun = Instant::now();
        loop {
            let rounds = match self.two_rounds(&questions).await {
                Ok(rounds) => rounds,
                Err(fault) => {
                    found.extend(asked.into_iter().map(|(grant, _)| (grant, LegFound::Failed(fault.repeated()))));
                    return Ok(found);
                }
            };
            let judge = |grant: &DesiredGrant, questions: &[Question]| {
                let ago = deletes.get(&grant.id).and_then(|ago| SignedDuration::try_from(*ago).ok());
                let deleted_at = ago.map(|ago| self.desired.now - ago);
                prove_gone(self.desired, grant, questions, look, [&rounds.0, &rounds.1], deleted_at)
            };
            let verdicts: Vec<Judgement> = asked.iter().map(|(grant, questions)| judge(grant, questions)).collect();
            let settled = verdicts.iter().all(|verdict| matches!(verdict, Judgement::Proven { .. }));
            if settled || begun.elapsed() > PATIENCE {
                let gone = |((grant, questions), verdict): ((&'g DesiredGrant, Vec<Question>), Judgement)| {
                    (grant, self.gone(grant, &questions, verdict))
                };
                found.extend(asked.into_iter().zip(verdicts).map(gone));
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Two rounds, each on new connections: each API server of a cluster has its own cache.
    async fn two_rounds(
        &self,
        questions: &BTreeSet<Question>,
    ) -> Result<(AnswersByQuestion, AnswersByQuestion), Fault> {
        let (one, other) = (self.reached.client.fresh()?, self.reached.client.fresh()?);
        let first = ask(&one, questions).await?;
        Ok((first, ask(&other, questions).await?))
    }

    fn gone(&self, grant: &DesiredGrant, questions: &[Question], verdict: Judgement) -> LegFound {
        match verdict {
            Judgement::Proven { residual } => {
                let keys = grant.keys(self.desired.installation);
                let gone = |key: &BindingKey| {
                    let binding = key.to_string();
                    if self.desired.uncertain.contains(key) {
                        Sighting::BindingEmpty { binding }
                    } else {
                        Sighting::BindingGone { binding }
                    }
                };
                let mut seen: Vec<Sighting> = keys.iter().map(gone).collect();
                if let Some(bound) = self.bound(grant) {
                    let username = words::identity::bound_user(&grant.terms, &bound.username);
                    seen.push(match self.is_still_needed(grant) {
                        true => Sighting::MappedForAnother { username },
                        false if bound.own => Sighting::NotMapped { username },
                        false => Sighting::MappedByOthers { username },
                    });
                }
                seen.push(Sighting::ReviewedGone { questions: questions.len(), clean: residual.is_empty() });
                let shown: BTreeSet<String> =
                    questions.iter().map(|question| question.attributes.to_string()).collect();
                let (asked, residual) = (Some(shown.into_iter().collect()), Some(residual));
                LegFound::Proven(Evidence { asked, seen, residual, ..Evidence::default() })
            }
            Judgement::Unsettled(why) => LegFound::Unsettled(why),
            Judgement::Refuted(why) => LegFound::Blocked(why),
        }
    }

    fn is_still_needed(&self, grant: &DesiredGrant) -> bool {
        self.desired.needs_line_of(grant.terms.principal)
    }

    /// The mapping that the grant was bound by, even if it was taken out before and another client put it back.
    pub(super) fn bound(&self, grant: &DesiredGrant) -> Option<&RecordedMapping> {
        let mut recorded = self.desired.mappings.iter().chain(&self.desired.returned);
        recorded.find(|mapping| mapping.principal == grant.terms.principal)
    }
}

/// Whether only the API server's answers are missing. An object that reads back wrong does not change by asking.
fn waits_for_answers(verdicts: &[(&AskedGrant<'_>, Judgement)], look: &Look<'_>, run: &ClusterRun<'_>) -> bool {
    verdicts.iter().any(|(asked, verdict)| match verdict {
        Judgement::Proven { .. } => false,
        Judgement::Unsettled(_) | Judgement::Refuted(_) => {
            // Would it be proven with every answer as hoped for?
            let questions = &asked.questions;
            let hoped = questions.can.iter().map(|q| (q.clone(), true));
            let hoped = hoped.chain(questions.cannot.iter().map(|q| (q.clone(), false))).collect();
            matches!(prove_present(run.desired, asked, look, &hoped), Judgement::Proven { .. })
        }
    })
}

/// Asks every question.
async fn ask(client: &kubernetes::ApiServer, questions: &BTreeSet<Question>) -> Result<AnswersByQuestion, Fault> {
    let asked: Vec<Question> = questions.iter().cloned().collect();
    let reviews = client.reviews(&asked).await?;
    Ok(asked.into_iter().zip(reviews.into_iter().map(|review| review.allowed)).collect())
}
