mod endings;
mod limits;
mod outcomes;
mod walk;
mod world;
