//! Draws every screen without a window, and checks that every element is drawn, no text is cut, and everything can be
//! reached by keyboard. With `SCREENSHOTS=<folder>` each screen is saved there as PNG.

mod aloud;
mod draw;
mod looks;
mod scenes;
mod stage;

use std::{env, path::PathBuf};

pub(crate) use draw::Canvas;
pub(crate) use scenes::attract;
pub(crate) use stage::{Stage, Way};

/// Draws every screen, and with `SCREENSHOTS=<folder>` saves each as PNG. `WAYS=<part of a name>,...` chooses the
/// sizes, languages and looks, `ONLY=<part of a name>` chooses the screens; without them all are drawn.
#[test]
fn screenshots() {
    let folder = env::var_os("SCREENSHOTS").map(PathBuf::from);
    let only = env::var("ONLY").unwrap_or_default();
    let ways = match (&folder, env::var("WAYS")) {
        (None, _) => Way::few()[..1].to_vec(),
        (Some(_), Ok(names)) => Way::named(&names),
        (Some(_), Err(_)) => Way::pictures(),
    };
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder).unwrap();
    }
    for way in ways {
        for scene in scenes::all()
            .iter()
            .filter(|scene| scene.name.contains(&only))
        {
            let picture = Canvas::new(&Stage::new(&way, scene)).picture();
            let ground = picture.get_pixel(0, picture.height() / 2);
            let drawn = picture.pixels().filter(|pixel| *pixel != ground).count();
            assert!(
                drawn > 1000,
                "{} {}: nothing is drawn",
                way.name,
                scene.name
            );
            if let Some(folder) = &folder {
                let file = folder.join(format!("{}-{}.png", way.name, scene.name));
                picture.save(file).unwrap();
            }
        }
    }
}
