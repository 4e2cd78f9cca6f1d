mod endings;
mod limits;
mod old_card;
mod outcomes;
mod reader;
mod resume;
mod staff;
mod walk;
mod world;

pub(crate) use world::rules;
