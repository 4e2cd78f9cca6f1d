//! The tables of the store, version by version.

#[cfg(test)]
mod tests;

use sqlx::migrate::Migrator;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
