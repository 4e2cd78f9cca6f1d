//! Fotoautomat: a photo booth that replaces a university card while the holder waits.
//!
//! # Code map
//!
//! This crate is the program: it opens the booth from a site's configuration and shows it in a window. One event makes
//! one step of the session, a step returns effects, and each effect is performed and answers with events. Start reading
//! at [`runner`], which drives that cycle, and at `Session::step` in the crate `session`.
//!
//! | Module | Content |
//! |---|---|
//! | [`cli`] | The command line, with one file for each subcommand. |
//! | [`config`] | The site's configuration: read, checked, and reported with file, line and remedy. |
//! | [`devices`] | Opens the devices, real or virtual; the only module that knows both. |
//! | [`booth`] | Everything behind the window: devices, servers, outbox, face worker, health monitor, test panel. |
//! | `perform` | Performs the effects of the session; the only module that calls the ports. |
//! | [`runner`] | Steps the session, has its effects performed and feeds the answers back. |
//! | [`app`] | The window: iced's event loop around the runner. |
//! | [`elements`] | What a screen offers, as one list that drawing, keyboard focus, speech and tests read. |
//! | [`screen`] | Draws the elements of a screen in their places. |
//! | [`widget`] | The booth's own iced widgets. |
//! | [`look`] | The site's theme as colours and fonts of iced. |
//! | [`speech`] | Reading aloud: what is said of a screen, and the voice that says it. |
//!
//! Beside it in `src` lie the crates that it is built from:
//!
//! | Crate | Content |
//! |---|---|
//! | `session` | One visit to the booth as a pure state machine. |
//! | `common` | Types that several crates share: orders, health, audit events, mistakes in a site's files. |
//! | `identity` | Sign-in by phone, by password and by PIN, and a virtual identity provider. |
//! | `portal` | The contract with the institution's card portal, and the clients that speak it. |
//! | `portal-server` | The reference portal, which test mode and `fotoautomat portal` run. |
//! | `outbox` | Orders on their way to the portal, and the journal of every card. |
//! | `store` | Opens, locks, checks and migrates one SQLite file. |
//! | `portrait` | Finds faces, judges photographs, coaches, and cuts portraits (with `portrait/tflite`). |
//! | `card` | The card: template, content, code, proof and verification. |
//! | `text` | The texts of a site in its languages. |
//! | `theme` | The colours of a site and the sizes on its screen. |
//! | `web` | The one HTTP client, with its limits on time and size. |
//!
//! In `drivers` lie `camera`, `card-printer`, `card-reader` and `lamp`, and `device`, which holds what they share.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod app;
pub mod booth;
pub mod cli;
pub mod config;
pub mod devices;
pub mod elements;
pub mod look;
mod perform;
pub mod runner;
pub mod screen;
pub mod speech;
pub mod widget;
