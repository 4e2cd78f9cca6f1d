//! How long each state may last, and "are you still there?".

use std::time::{Duration, Instant};

use super::{
    AskedFor, Asking, Effect, Ending, Event, Now, Preferences, Rules, Session, State, issue,
    portrait, sign_in,
};

/// Somebody who chose a language or a look at the start and touched nothing for so long has gone away.
const ABANDONED: Duration = Duration::from_secs(60);

impl Session {
    /// The idle time after which the visitor is asked; `None` for states that never ask.
    pub fn idle_limit(&self, rules: &Rules) -> Option<Duration> {
        let limits = &rules.limits;
        match &self.state {
            State::SignIn(sign_in::State::NoPhone | sign_in::State::Typing(_)) => {
                Some(limits.typing)
            }
            State::SignIn(sign_in::State::AskIsThisYou { .. }) => Some(limits.is_this_you),
            State::Consent(_) => Some(limits.consent),
            State::OldCard(_) => Some(limits.old_card),
            State::Portrait(portrait::State::Framing { .. }) => Some(limits.framing),
            State::Portrait(portrait::State::Reviewing { .. }) => Some(limits.reviewing),
            State::Issue(issue::State::ShowingCard(issue::ShowingCard {
                committing: false,
                ..
            })) => Some(limits.showing_card),
            State::Issue(issue::State::ReadingBack { .. }) => Some(limits.reading_back),
            State::Issue(issue::State::NotPrinted(state)) if !state.committing => {
                Some(limits.not_printed)
            }
            State::Issue(issue::State::FetchLater(later)) if !later.committing => {
                Some(limits.fetch_later)
            }
            _ => None,
        }
    }

    /// Whether the time since sign-in counts now: not while a card is made, nor while staff decide.
    fn absolute_counts(&self) -> bool {
        match &self.state {
            State::SignIn(_) | State::Consent(_) | State::OldCard(_) | State::Portrait(_) => {
                self.signed_in.is_some()
            }
            State::Issue(
                issue::State::ShowingCard(issue::ShowingCard {
                    committing: false, ..
                })
                | issue::State::FetchLater(_),
            ) => true,
            _ => false,
        }
    }

    /// Nobody visits: the booth waits for the next visitor.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.state, State::Attract | State::OutOfService(_))
    }

    /// Nobody visits, but somebody chose another language or look, or opened the help. It is reset when they have gone.
    pub fn is_changed_at_rest(&self, rules: &Rules) -> bool {
        self.is_at_rest()
            && (self.helping || self.preferences != Preferences::of_site(&rules.languages))
    }

    /// Nobody visits, and nobody has touched anything for so long that the last visitor has gone away.
    pub fn is_left(&self, now: Instant) -> bool {
        self.is_at_rest() && now.saturating_duration_since(self.touched) >= ABANDONED
    }

    pub(super) fn tick(&mut self, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        let limits = &rules.limits;
        if self.is_left(now.instant) && self.is_changed_at_rest(rules) {
            self.preferences = Preferences::of_site(&rules.languages);
            self.helping = false;
        }
        if let Some(asking) = self.asking {
            if now.instant >= asking.until {
                return self.end(Ending::TimedOut, now, rules, effects);
            }
        } else if let Some(ending) = self.overdue(now.instant, rules) {
            return self.end(ending, now, rules, effects);
        }
        if matches!(self.state, State::Starting)
            && now.instant.duration_since(self.entered) >= limits.starting
        {
            return self.rest(now, rules, effects);
        }
        self.phase(Event::Ticked, now, rules, effects);
    }

    /// Asks "are you still there?" when it is time to. Returns how the visit ends when it must end without asking.
    fn overdue(&mut self, now: Instant, rules: &Rules) -> Option<Ending> {
        let limits = &rules.limits;
        let speech = self.preferences.speech;
        if let (State::SignIn(sign_in::State::NotEligible { .. }), true) = (
            &self.state,
            now.duration_since(self.touched) >= limits.not_eligible,
        ) {
            return Some(Ending::NotEligible);
        }
        let ask = |why| {
            Some(Asking {
                until: now + limits.answer,
                why,
            })
        };
        if self.absolute_counts()
            && let Some(signed_in) = self.signed_in
        {
            let length = now.duration_since(signed_in);
            if length >= limits.absolute_most && !speech {
                return Some(Ending::TimedOut);
            }
            if length >= limits.absolute * (self.absolute_extended + 1) {
                self.asking = ask(AskedFor::Absolute);
                return None;
            }
        }
        if let Some(idle) = self.idle_limit(rules)
            && now.duration_since(self.touched) >= idle
        {
            // A committed order is safe on disk, so a visit may end here without losing it.
            if self.extended >= limits.more_time && !speech {
                return Some(Ending::TimedOut);
            }
            self.asking = ask(AskedFor::Idle);
        }
        None
    }

    pub(super) fn still_here(&mut self) {
        match self.asking.take() {
            Some(Asking {
                why: AskedFor::Idle,
                ..
            }) => self.extended += 1,
            Some(Asking {
                why: AskedFor::Absolute,
                ..
            }) => self.absolute_extended += 1,
            None => {}
        }
    }
}
