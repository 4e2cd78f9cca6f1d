//! The drawings of the icons. They are from Lucide, in a font with only the glyphs used here, so that an icon takes the
//! colour and size of the words beside it.

use crate::elements::Icon;

/// The glyph of an icon. The comments are the names in Lucide.
pub fn glyph(icon: Icon) -> char {
    match icon {
        Icon::Again => '\u{e145}',       // refresh-cw
        Icon::Back => '\u{e06e}',        // chevron-left
        Icon::Backspace => '\u{e0ae}',   // delete
        Icon::Bad => '\u{e084}',         // circle-x
        Icon::Badge => '\u{e241}',       // badge-check
        Icon::BoxOff => '\u{e167}',      // square
        Icon::BoxOn => '\u{e559}',       // square-check
        Icon::Broken => '\u{e19c}',      // unlink
        Icon::Calm => '\u{e2de}',        // leaf
        Icon::Camera => '\u{e064}',      // camera
        Icon::Card => '\u{e617}',        // id-card
        Icon::Chip => '\u{e3c3}',        // nfc
        Icon::Clock => '\u{e087}',       // clock
        Icon::Close => '\u{e1b2}',       // x
        Icon::Closer => '\u{e1b6}',      // zoom-in
        Icon::Code => '\u{e1df}',        // qr-code
        Icon::Contrast => '\u{e09d}',    // contrast
        Icon::Desk => '\u{e54d}',        // book-user
        Icon::Door => '\u{e3d6}',        // door-open
        Icon::Down => '\u{e042}',        // arrow-down
        Icon::EaseOfUse => '\u{e297}',   // accessibility
        Icon::Face => '\u{e371}',        // scan-face
        Icon::Fault => '\u{e20c}',       // bug
        Icon::Fee => '\u{e052}',         // banknote
        Icon::Good => '\u{e226}',        // circle-check
        Icon::Hand => '\u{e1d7}',        // hand
        Icon::Help => '\u{e082}',        // circle-question-mark
        Icon::Hide => '\u{e0bb}',        // eye-off
        Icon::Home => '\u{e0f5}',        // house
        Icon::Info => '\u{e0f9}',        // info
        Icon::Key => '\u{e4a3}',         // key-round
        Icon::Language => '\u{e0fe}',    // languages
        Icon::LargeText => '\u{e587}',   // a-large-small
        Icon::Leave => '\u{e10e}',       // log-out
        Icon::Left => '\u{e048}',        // arrow-left
        Icon::Library => '\u{e05f}',     // book-open
        Icon::Light => '\u{e178}',       // sun
        Icon::List => '\u{e1d0}',        // list-checks
        Icon::LowControls => '\u{e455}', // arrow-down-to-line
        Icon::Mail => '\u{e10f}',        // mail
        Icon::Next => '\u{e06f}',        // chevron-right
        Icon::NotPerson => '\u{e1a3}',   // user-x
        Icon::Person => '\u{e19f}',      // user
        Icon::Phone => '\u{e163}',       // smartphone
        Icon::Photo => '\u{e0f6}',       // image
        Icon::Place => '\u{e111}',       // map-pin
        Icon::Printer => '\u{e141}',     // printer
        Icon::RadioOff => '\u{e076}',    // circle
        Icon::RadioOn => '\u{e345}',     // circle-dot
        Icon::Right => '\u{e049}',       // arrow-right
        Icon::Search => '\u{e151}',      // search
        Icon::Shift => '\u{e1e4}',       // arrow-big-up
        Icon::Show => '\u{e0ba}',        // eye
        Icon::SignIn => '\u{e10d}',      // log-in
        Icon::Speech => '\u{e1ab}',      // volume-2
        Icon::Stolen => '\u{e200}',      // shield-x
        Icon::Stop => '\u{e083}',        // circle-stop
        Icon::Supplies => '\u{e129}',    // package
        Icon::TestMode => '\u{e0d5}',    // flask-conical
        Icon::Text => '\u{e0cc}',        // file-text
        Icon::Tick => '\u{e06c}',        // check
        Icon::Timer => '\u{e1e0}',       // timer
        Icon::Undo => '\u{e148}',        // rotate-ccw
        Icon::Up => '\u{e04a}',          // arrow-up
        Icon::Upload => '\u{e091}',      // cloud-upload
        Icon::Warning => '\u{e193}',     // triangle-alert
        Icon::Wider => '\u{e1b7}',       // zoom-out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_every_icon() {
        let font = theme::FONTS[2];
        let mut known = resvg::usvg::fontdb::Database::new();
        known.load_font_data(font.to_vec());
        let id = known.faces().next().unwrap().id;
        let has = |letter: char| {
            known
                .with_face_data(id, |data, index| {
                    let face = ttf_parser::Face::parse(data, index).unwrap();
                    face.glyph_index(letter).is_some()
                })
                .unwrap()
        };
        for icon in Icon::ALL {
            assert!(has(glyph(icon)), "{icon:?}");
        }
    }
}
