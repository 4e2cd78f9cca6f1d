mod endings;
mod limits;
mod outcomes;
mod walk;
mod world;

pub(crate) use world::rules;
