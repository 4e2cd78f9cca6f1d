mod endings;
mod limits;
mod old_card;
mod outcomes;
mod staff;
mod walk;
mod world;

pub(crate) use world::rules;
