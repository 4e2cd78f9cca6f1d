//! The attendant's PIN, for when the network is down: argon2id, few tries.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use schemars::JsonSchema;
use serde::Deserialize;

use common::{
    Problems,
    order::Private,
    sign_in::{Refusal, Staff},
};

/// One who may use the attendant's screen with a PIN.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attendant {
    /// Written to the audit trail: the user name at the institution, or that of a shared desk.
    pub id: String,
    /// argon2id hash in PHC form, made by `fotoautomat pin`.
    pub pin: String,
}

/// Each entry costs one hash (about 30 ms) per check; a desk has a handful.
const MOST: usize = 16;
/// Four digits are guessed within 10 000 tries; five at a time, with growing pauses, that takes years.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(120);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// In KiB; over three times what `fotoautomat pin` makes.
const MOST_MEMORY: u32 = 64 << 10;
const MOST_ROUNDS: u32 = 8;
/// Less is guessed too easily.
const SHORTEST_PIN: usize = 6;
const LONGEST_PIN: usize = 12;

/// The site's PINs and how many wrong ones were tried. Clones share the count.
#[derive(Debug, Clone)]
pub struct Pins {
    attendants: Arc<[Attendant]>,
    tries: Arc<Mutex<Tries>>,
}

#[derive(Debug, Default)]
struct Tries {
    wrong: u32,
    locked_until: Option<Instant>,
    locks: u32,
}

impl Pins {
    pub fn new(attendants: &[Attendant]) -> Self {
        Self {
            attendants: attendants.into(),
            tries: Arc::default(),
        }
    }

    /// Notes every entry that is none.
    pub fn check_config(attendants: &[Attendant], problems: &mut Problems) {
        if attendants.len() > MOST {
            problems.at(
                "identity.attendants",
                format!("has {} entries", attendants.len()),
                format!("Keep to {MOST}: each makes every check slower."),
            );
        }
        for (index, attendant) in attendants.iter().enumerate() {
            if attendant.id.trim().is_empty() {
                problems.at(
                    format!("identity.attendants[{index}].id"),
                    "is empty",
                    "Write who it is, as the audit trail shall name them.",
                );
            }
            if !is_bounded_hash(&attendant.pin) {
                problems.at(
                    format!("identity.attendants[{index}].pin"),
                    "is no argon2id hash",
                    "Make one with `fotoautomat pin` and paste its answer.",
                );
            }
        }
    }

    /// Checks a PIN. Takes some tens of milliseconds of a core: run it off the UI thread.
    ///
    /// # Errors
    /// When the site has no PIN, when this one is wrong, and after too many wrong ones.
    pub fn check(&self, pin: &Private<String>, now: Instant) -> Result<Staff, Refusal> {
        if self.attendants.is_empty() {
            return Err(Refusal::NoPin);
        }
        // held over the hashing, so that many at once are no way round the count
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.locked_until.is_some_and(|until| now < until) {
            return Err(Refusal::Locked);
        }
        let found = self.attendants.iter().find(|attendant| {
            PasswordHash::new(&attendant.pin).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(pin.as_bytes(), &hash)
                    .is_ok()
            })
        });
        match found {
            Some(attendant) => {
                *tries = Tries::default();
                Ok(Staff {
                    id: attendant.id.clone(),
                    token: None,
                })
            }
            None => {
                tries.failed(now);
                if tries.locked_until.is_some() {
                    Err(Refusal::Locked)
                } else {
                    Err(Refusal::Wrong)
                }
            }
        }
    }
}

/// An argon2id hash that costs no more memory and time than a check may.
fn is_bounded_hash(pin: &str) -> bool {
    PasswordHash::new(pin).is_ok_and(|hash| {
        hash.algorithm.as_str() == "argon2id"
            && argon2::Params::try_from(&hash).is_ok_and(|params| {
                params.m_cost() <= MOST_MEMORY && params.t_cost() <= MOST_ROUNDS
            })
    })
}

impl Tries {
    fn failed(&mut self, now: Instant) {
        self.locked_until = None;
        self.wrong += 1;
        if self.wrong >= TRIES {
            let pause = FIRST_PAUSE.saturating_mul(1 << self.locks.min(8));
            self.locked_until = Some(now + pause.min(LONGEST_PAUSE));
            self.locks += 1;
            self.wrong = 0;
        }
    }
}

/// Why a PIN is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    #[error("a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits and nothing else")]
    Form,
    #[error("the PIN could not be hashed: the system's random source failed")]
    NoRandom,
}

/// A PIN that nobody has chosen, so that it is no birthday.
pub fn random_pin() -> Private<String> {
    let digits = (0..SHORTEST_PIN).map(|_| char::from(b'0' + rand::random_range(0..10)));
    Private::new(digits.collect())
}

/// The hash of a PIN, for the configuration.
pub fn hash_pin(pin: &Private<String>) -> Result<String, BadPin> {
    if !(SHORTEST_PIN..=LONGEST_PIN).contains(&pin.len())
        || !pin.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(BadPin::Form);
    }
    Argon2::default()
        .hash_password(pin.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| BadPin::NoRandom)
}

#[cfg(test)]
mod tests;
