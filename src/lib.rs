//! Fotoautomat: a photo booth that replaces a university card while you wait.

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
