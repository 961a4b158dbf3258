//! What holds in a town at every moment, and once nothing happens any more.

use super::{
    database::{ARRIVES_WITHIN, RowState, desired_grant},
    kept::Kept,
    town::{Reviews, Town, TownEvent},
    worker::Phase,
    world::works,
};
use crate::{
    access::grant::Grant,
    eks::rbac::LABEL_GRANT,
    plan::{bindings, cluster::plan, observation::ClusterState},
};
use jiff::SignedDuration;
use std::ops::Deref as _;
use uuid::Uuid;

impl Town {
    /// Checks what holds at every moment.
    ///
    /// # Errors
    /// The promise that is broken, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        let state = self.state();
        if let Some(why) = &self.database.broken {
            return Err(why.clone());
        }
        for (number, grant) in &self.database.grants {
            if let Grant::Active(active) = &**grant {
                if active.until > active.facts.hard_until || active.since > active.facts.activate_by {
                    return Err(format!("access {number} is longer than decided"));
                }
                if !desired_grant(grant).is_some_and(|desired| works(&self.cluster, &desired)) {
                    return Err(format!("access {number} is active and was cut"));
                }
            }
        }
        if let Some((number, times)) = self.database.activations.iter().find(|(_, times)| **times > 1) {
            return Err(format!("access {number} became active {times} times"));
        }
        for binding in state.bindings.iter().filter(|binding| !binding.subjects.is_empty()) {
            let label = binding.labels.get(LABEL_GRANT).and_then(|id| id.parse::<Uuid>().ok()).map(|id| id.as_u128());
            let grant = label.and_then(|number| self.database.grants.get(&number)).map(Kept::deref);
            match (label, grant) {
                (Some(number), Some(Grant::Ended(_))) => {
                    return Err(format!("access {number} has ended, and {} binds somebody", bindings::key_of(binding)));
                }
                (_, Some(Grant::Scheduled(_)) | None) => {
                    return Err(format!("{} binds somebody, which nobody began", bindings::key_of(binding)));
                }
                (_, Some(_)) => {}
            }
        }
        self.foreign_bytes(state)
    }

    /// Without Latchkey's lines, aws-auth is what the other clients made it.
    fn foreign_bytes(&self, state: &ClusterState) -> Result<(), String> {
        let data = &state.aws_auth.as_ref().unwrap().data;
        for (key, foreign) in &self.foreign {
            let mut text = data.get(key).cloned().unwrap_or_default();
            for (row, _) in &self.database.rows {
                if let Some(inserted) = row.inserted.as_deref().filter(|_| row.key.is_some_and(|k| k.as_str() == key)) {
                    text = text.replacen(inserted, "", 1);
                }
            }
            if text != *foreign {
                return Err(format!("{key} is {text:?} but for our lines, and the others wrote {foreign:?}"));
            }
        }
        Ok(())
    }

    /// All writes arrive or are refused, a worker goes on alone, and hours pass: first everything is in its desired
    /// state, and then every access is over and nothing of Latchkey's is left.
    pub fn come_to_rest(&mut self) -> Result<(), String> {
        self.fall_silent()?;
        self.rounds(2)?;
        // The token of a dead run expires.
        self.now += ARRIVES_WITHIN;
        self.rounds(2)?;
        self.is_at_rest()?;
        self.now += SignedDuration::from_hours(5);
        self.rounds(4)?;
        for (number, grant) in &self.database.grants {
            if !matches!(**grant, Grant::Ended(_)) {
                return Err(format!("the time of access {number} is over, and it is {:?}", grant.state()));
            }
        }
        if !self.state().bindings.is_empty() {
            return Err(format!("bindings are left: {:?}", self.state().bindings));
        }
        let data = &self.state().aws_auth.as_ref().unwrap().data;
        if *data != self.foreign {
            return Err(format!("aws-auth is left as {data:?}, the others made it {:?}", self.foreign));
        }
        if self.database.rows.iter().any(|(_, state)| *state != RowState::Removed) {
            return Err("a mapping is recorded still".into());
        }
        Ok(())
    }

    pub fn fall_silent(&mut self) -> Result<(), String> {
        while !self.flights.is_empty() {
            self.happen(TownEvent::Arrive(0));
            self.check()?;
        }
        self.workers = [Phase::Idle, Phase::Idle];
        Ok(())
    }

    fn rounds(&mut self, count: usize) -> Result<(), String> {
        for _ in 0..count {
            self.now += SignedDuration::from_secs(75);
            self.happen(TownEvent::Clock);
            loop {
                self.happen(TownEvent::Work(0, Reviews::Fresh));
                self.check()?;
                if matches!(self.workers[0], Phase::Idle) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Every wanted access is there and proven; every other one is gone.
    fn is_at_rest(&self) -> Result<(), String> {
        let desired = self.database.desired(self.database.epoch, self.now, self.state());
        let steps = plan(&desired, &self.cluster).steps;
        if !steps.is_empty() {
            return Err(format!("nothing happens any more, and there is still to do: {steps:?}"));
        }
        for (number, grant) in &self.database.grants {
            match &**grant {
                Grant::Active(_) | Grant::Ended(_) => {}
                Grant::Scheduled(_) | Grant::Provisioning(_) | Grant::Revoking(_) => {
                    return Err(format!("access {number} stays {:?}", grant.state()));
                }
            }
        }
        Ok(())
    }
}
