//! What the drivers of a photo booth share.
//!
//! Each class of device (camera, card printer, card reader, lamp) has a crate of its own. A driver finds its device, uses
//! it until it is lost, and finds it again. This crate has the parts of that which are the same for all of them:
//!
//! | module | what is in it |
//! |---|---|
//! | [`supervisor`] | [`Supervisor`]: a named thread that runs a [`Worker`], and starts it again after a panic |
//! | [`wanted`] | [`Wanted`]: what the owner of a handle wants of the thread; the newest value wins |
//! | [`fault`] | [`Fault`]: a name, a severity, and a sentence with a remedy; [`Error`] carries one |
//! | [`injection`] | [`FaultInjection`]: how tests and the test panel raise and clear the faults of a virtual device |
//! | `serial` | with the feature `serial`: the serial line, and a pseudo terminal for virtual devices |
//!
//! Start reading at [`Supervisor`].
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use device::{Crash, Next, Supervisor, Wanted, Worker, publish};
//! use tokio::sync::watch;
//!
//! /// A device that has nothing but a level.
//! struct Dimmer {
//!     wanted: Arc<Wanted<u8>>,
//!     status: watch::Sender<Option<u8>>,
//! }
//!
//! impl Worker for Dimmer {
//!     fn run(&mut self) -> Next {
//!         loop {
//!             let wanted = self.wanted.read();
//!             if wanted.closed {
//!                 return Next::Done;
//!             }
//!             publish(&self.status, |level| *level = Some(wanted.value));
//!             self.wanted.wait(&wanted, Duration::from_secs(1));
//!         }
//!     }
//!
//!     fn crashed(&mut self, _crash: &Crash) {
//!         publish(&self.status, |level| *level = None);
//!     }
//! }
//!
//! let (status, mut level) = watch::channel(None);
//! let wanted = Arc::new(Wanted::new(0));
//! let worker = Dimmer { wanted: Arc::clone(&wanted), status };
//! let supervisor = Supervisor::start("dimmer", Arc::clone(&wanted), worker);
//! wanted.change(|level| *level = 70);
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async { level.wait_for(|level| *level == Some(70)).await.unwrap(); });
//! drop(supervisor); // ends the thread
//! ```

pub mod fault;
pub mod injection;
#[cfg(feature = "serial")]
pub mod serial;
pub mod supervisor;
pub mod wanted;

pub use fault::{Error, Fault, Sentence, Severity};
pub use injection::{FaultInjection, RaisedFaults};
pub use supervisor::{Crash, Next, Supervisor, Worker, publish};
pub use wanted::{Snapshot, Wanted};
