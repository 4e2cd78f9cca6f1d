//! Every screen, drawn without a window: what is offered is drawn, nothing is cut, everything can be reached by
//! keyboard. With `SCREENSHOTS=<folder>` each is written there as PNG, to be looked at.

mod draw;
mod looks;
mod scenes;
mod stage;

use std::{env, path::PathBuf};

pub(crate) use draw::Canvas;
pub(crate) use scenes::attract;
pub(crate) use stage::{Stage, Way};

#[test]
fn screenshots() {
    let Some(folder) = env::var_os("SCREENSHOTS").map(PathBuf::from) else {
        return;
    };
    let only = env::var("ONLY").unwrap_or_default();
    let ways = env::var("WAYS").map_or_else(|_| Way::pictures(), |names| Way::named(&names));
    std::fs::create_dir_all(&folder).unwrap();
    for way in ways {
        for scene in scenes::all() {
            if !scene.name.contains(&only) {
                continue;
            }
            let stage = Stage::new(&way, &scene);
            let file = folder.join(format!("{}-{}.png", way.name, scene.name));
            Canvas::new(&stage).save(&file);
        }
    }
}
