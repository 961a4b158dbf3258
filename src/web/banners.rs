//! The banners: which trouble is shown at the top of every page.

use super::{failure::Unruled, html::Html, icon::Icon, layout::Banner, look::Tone};
use crate::{
    store::{
        heartbeats::LOOKS_WITHIN,
        read::{
            hold::{Hold, OnHold},
            pulse::Pulse,
        },
    },
    words::{Clock, alarm, blocker, steps::full_stop, time::duration},
};
use jiff::SignedDuration;

/// The longest that is told of what an access gives beyond what was decided, in characters.
const LONGEST_WHAT: usize = 1_000;
/// A worker sends a heartbeat every few seconds: after this long without one it counts as silent.
const SILENT_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl Banner {
    /// Shown on every page while there is no readable policy: what works, and what does not.
    pub(super) fn unruled(unruled: Unruled) -> Self {
        let what = "People cannot ask or decide, or act as an operator or auditor. What you have goes on: you can give \
                    it back, and those who decided it can revoke it.";
        Self::new(Tone::Danger, &format!("{} {what}", unruled.sentence()))
    }
}

impl Banner {
    /// Shown if the state that the banners depend on cannot be read.
    pub(super) fn fares_unknown() -> Self {
        Self::new(
            Tone::Danger,
            "How Latchkey fares cannot be read, so this page may say less than is the case. Operators: the log of \
             `latchkey serve` says why.",
        )
    }
}

impl Pulse {
    /// The banners for operators alone, since only they can act on them: accesses that give more than was decided,
    /// alarms, and clusters that are fenced, have no marker, or on which granting is paused. A failed run has no
    /// banner: it may be over in a minute, and each waiting access says so on its own page.
    pub(super) fn operators_banners(&self, clock: &Clock) -> Vec<Banner> {
        let banner = |held: &OnHold| {
            let name = &held.cluster;
            let mut banner = match held.hold {
                Hold::Fenced => Banner::new(
                    Tone::Danger,
                    &format!(
                        "`{name}` has seen a later state than this database has, or is another installation\u{2019}s: \
                         nothing is set up there, and every access on it waits. Look at what stands there, then run \
                         `latchkey accept-restore {name}`."
                    ),
                ),
                Hold::Unmarked => Banner::new(
                    Tone::Danger,
                    &format!(
                        "`{name}` has no ConfigMap `kube-system/latchkey`, which says whose cluster it is: nothing new is \
                         set up there. Apply what `latchkey bootstrap {name}` prints."
                    ),
                ),
                Hold::Paused { .. } => Banner {
                    text: Html::sentence(&held.in_words().told(clock).text(" Nothing new is set up there.")),
                    icon: Icon::CircleMinus,
                    ..Banner::new(Tone::Needs, "")
                },
                Hold::Failed => return None,
            };
            let address = format!("/targets/cluster/{}", held.id);
            banner.text = banner.text.then_link(&address, "Open it");
            Some(Banner { leads_to: Some(address), ..banner })
        };
        self.wider().into_iter().chain(self.alarm()).chain(self.held.iter().filter_map(banner)).collect()
    }

    /// The accesses that give more than was decided: the first, and how many there are.
    fn wider(&self) -> Option<Banner> {
        let wider = self.wider.as_ref()?;
        let what = wider.what.as_ref().map_or_else(String::new, |what| {
            full_stop(&blocker::sentence(what).chars().take(LONGEST_WHAT).collect::<String>())
        });
        let cluster = &wider.cluster;
        let (text, address) = match wider.accesses {
            0 | 1 => {
                let text = format!("An access on `{cluster}` gives more than was decided. {what}");
                (text, format!("/grants/{}", wider.first))
            }
            more => {
                let text = format!("{more} accesses give more than was decided. The first, on `{cluster}`: {what}");
                (text, "/status#stuck".to_owned())
            }
        };
        let mut banner = Banner::new(Tone::Danger, &text);
        banner.text = banner.text.then_link(&address, "Open it");
        Some(Banner { leads_to: Some(address), ..banner })
    }

    /// The newest alarm, and how many alarms there are.
    fn alarm(&self) -> Option<Banner> {
        let newest = alarm::told(self.newest_alarm.as_ref()?);
        let mut banner = match self.alarms {
            0 | 1 => Banner::new(Tone::Danger, &newest),
            more => Banner::new(Tone::Danger, &format!("{more} alarms stand. The newest: {newest}")),
        };
        banner.text = banner.text.then_link("/status#alarms", "See what to do");
        Some(banner)
    }

    /// The banners, the most severe first.
    pub(super) fn banners(&self, clock: &Clock) -> Vec<Banner> {
        let mut banners = Vec::new();
        let accesses = |number: u64| if number == 1 { "1 access".to_owned() } else { format!("{number} accesses") };
        if self.blocked > 0 {
            banners.push(Banner::new(
                Tone::Danger,
                &format!(
                    "{} should have ended and cannot be taken away until a person acts. It may still work. Operators \
                     find what to do on its page.",
                    accesses(self.blocked)
                ),
            ));
        } else if let Some(since) = self.overdue_since {
            banners.push(Banner::new(
                Tone::Danger,
                &format!(
                    "{} should have ended, the first at {}. We keep trying; operators see it on every page.",
                    accesses(self.overdue),
                    clock.at(since)
                ),
            ));
        }
        if let Some(place) = self.broken {
            banners.push(Banner::new(
                Tone::Danger,
                &format!(
                    "The audit chain is broken {place}: a record was changed or removed. Auditors find more \
                     under Audit; run `latchkey audit verify` and compare with your own copies."
                ),
            ));
        }
        let silent = self.worker_silent_for.is_none_or(|silent| silent > SILENT_AFTER);
        if let (true, Some(off)) = (silent, self.worker_clock_off) {
            banners.push(Banner::new(
                Tone::Danger,
                &format!(
                    "The worker\u{2019}s clock is {} off the database\u{2019}s: nothing is set up or taken away until it \
                     is right. Operators: set the clock of the machine that runs `latchkey worker`.",
                    duration(off)
                ),
            ));
            return banners;
        }
        match self.worker_silent_for {
            None => banners.push(Banner::new(
                Tone::Danger,
                "No worker has run yet: requests can be decided, but nothing is set up or taken away. Operators: \
                 start `latchkey worker`.",
            )),
            Some(silent) if silent > SILENT_AFTER => banners.push(Banner::new(
                Tone::Danger,
                &format!(
                    "No worker has answered for {}: nothing is set up or taken away until one runs again. Operators: \
                     see that `latchkey worker` runs.",
                    duration(silent)
                ),
            )),
            Some(_) => {
                if let Some(looked) = self.worker_looked.filter(|looked| *looked > LOOKS_WITHIN) {
                    banners.push(Banner::new(
                    Tone::Danger,
                    &format!(
                        "No worker has looked for what is due for {}, though one lives: nothing new is set up or taken \
                         away until one does. Operators: see the log of `latchkey worker`, and who holds locks in the \
                         database.",
                        duration(looked)
                    ),
                ));
                }
            }
        }
        banners
    }
}
