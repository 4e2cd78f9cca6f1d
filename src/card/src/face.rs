//! One side of a card for one kind, language and printer. The parts that never change are drawn once; the others are
//! prepared so that they can be filled in.

use std::collections::{BTreeSet, HashMap};

use resvg::{
    tiny_skia::Transform,
    usvg::{self, ImageHrefResolver, ImageKind},
};

use super::{
    CardContent, DrawError,
    bars::{self, Bars},
    canvas::{Canvas, Layer},
    cost::Cost,
    fit::{self, Rule},
    fonts::{Fonts, Lacking},
    qr,
    raster::{Dots, Raster},
    template::{Part, Template, TextField, TextFrame, VerticalAlign, When},
};
use common::order::{CardFace, CardKind, Picture};

/// The longest value on a card, in characters. A longer value is a mistake or an attack, so the words in it are not
/// measured.
const LONGEST_VALUE: usize = 200;

/// A part that is ready to be drawn.
#[derive(Debug)]
enum Piece {
    Ink {
        layer: Layer,
        resin: bool,
        when: When,
    },
    Portrait {
        shape: Layer,
        when: When,
    },
    Code {
        dots: Dots,
        when: When,
    },
    Bars {
        dots: Dots,
        when: When,
    },
    Text(Box<TextPiece>),
}

/// A text with everything that can be computed before its value is known.
#[derive(Debug)]
struct TextPiece {
    field: TextField,
    frame: TextFrame,
    resin: bool,
    when: When,
    rule: Rule,
    /// The size of one unit of the text's own coordinates, in mm.
    unit: f32,
    anchor: usvg::TextAnchor,
    /// The transform from the text's own coordinates to dots.
    to_dots: Transform,
}

#[derive(Debug)]
pub(super) struct Face {
    file: std::path::PathBuf,
    raster: Raster,
    upright: bool,
    to_dots: Transform,
    /// Everything below the first part that is filled in, already drawn.
    ground: Canvas,
    pieces: Vec<Piece>,
}

/// What a face needs to know about its card besides the content.
pub(super) struct Filling<'a> {
    pub(super) content: &'a CardContent,
    pub(super) portrait: &'a Picture,
    /// Creates the code. It is called only if the face shows one.
    pub(super) code: &'a dyn Fn() -> Result<qr::Symbol, DrawError>,
    /// The bar code, if this card has one.
    pub(super) bars: Option<&'a Bars>,
    /// Returns the value of a field as text, or `None` or an empty text when this card has none.
    pub(super) value: &'a dyn Fn(&TextField) -> Option<String>,
}

impl Face {
    /// Draws what is the same on every card. A template that passed its check can still contain a shape that the
    /// renderer cannot draw; the error then names the file.
    pub(super) fn compile(
        template: &Template,
        kind: &CardKind,
        language: &str,
        raster: Raster,
        fonts: &Fonts,
        fields: &BTreeSet<&str>,
    ) -> Result<Self, DrawError> {
        let upright = template.is_upright();
        let raster = if upright { raster.turned() } else { raster };
        let mut face = Self {
            file: template.file().to_owned(),
            raster,
            upright,
            to_dots: Transform::identity(),
            ground: Canvas::new(raster),
            pieces: Vec::new(),
        };
        let lacking = Lacking::default();
        let cut = template.cut(kind, language, fields);
        if cut.too_much {
            let wrong =
                "it falls into too many pieces: keep black, colours and fields together in groups";
            return Err(face.broken(&wrong));
        }
        let mut cost = Cost::default();
        for part in cut.parts {
            let svg = match &part {
                Part::Fixed { svg, .. } | Part::Box { svg, .. } => svg.clone(),
                Part::Text { frame, .. } => {
                    frame.with_lines([("x", frame.x, frame.y)].into_iter(), None)
                }
            };
            let options = fonts.options(&lacking, pictures(template));
            let tree = usvg::Tree::from_str(&svg, &options).map_err(|error| face.broken(&error))?;
            let (width, height) = template.size();
            let corner = raster.corner((width, height));
            let scale = raster.dots_per_mm() * width / tree.size().width();
            face.to_dots = Transform::from_row(scale, 0.0, 0.0, scale, corner.0, corner.1);
            cost.add(tree.root(), face.to_dots, raster);
            if let Some(what) = cost.too_much() {
                return Err(face.broken(&format!("it takes too long to draw: {what}")));
            }
            face.add(part, &tree, width / tree.size().width())?;
        }
        if let Some(family) = lacking.families().first() {
            return Err(DrawError::Template {
                file: face.file.clone(),
                what: format!("the font {family} is not among the site's fonts"),
            });
        }
        if !lacking.letters().is_empty() {
            return Err(DrawError::Letters {
                field: "the template's own text".to_owned(),
                letters: lacking.letters().iter().collect(),
            });
        }
        face.keep_out(template, fonts)?;
        face.draw_ground();
        Ok(face)
    }

    /// Draws the first pieces over each other, up to the first one that differs between cards.
    fn draw_ground(&mut self) {
        let filled_in = |piece: &Piece| match piece {
            Piece::Ink { when, .. } => *when != When::default(),
            _ => true,
        };
        let first = self.pieces.iter().position(filled_in);
        for piece in self.pieces.drain(..first.unwrap_or(self.pieces.len())) {
            if let Piece::Ink { layer, resin, .. } = piece {
                self.ground.ink(&layer, resin);
            }
        }
    }

    /// Checks that nothing is printed on the chip's contacts or on the magnetic stripe.
    fn keep_out(&self, template: &Template, fonts: &Fonts) -> Result<(), DrawError> {
        let Some(svg) = template.keep_out() else {
            return Ok(());
        };
        let lacking = Lacking::default();
        let options = fonts.options(&lacking, nothing());
        let tree = usvg::Tree::from_str(&svg, &options).map_err(|error| self.broken(&error))?;
        let mut cost = Cost::default();
        cost.add(tree.root(), self.to_dots, self.raster);
        if let Some(what) = cost.too_much() {
            return Err(self.broken(&format!("its keep-out zones take too long to draw: {what}")));
        }
        let Some(zone) = Layer::draw(&tree, self.raster, self.to_dots) else {
            return Ok(());
        };
        let trespasser = self.pieces.iter().find_map(|piece| match piece {
            Piece::Ink { layer, .. } => layer.meets(&zone).then(|| "a drawn element".to_owned()),
            Piece::Portrait { shape, .. } => shape.meets(&zone).then(|| "the portrait".to_owned()),
            Piece::Code { dots, .. } | Piece::Bars { dots, .. } => {
                zone.covers_any(*dots).then(|| "the code".to_owned())
            }
            Piece::Text(text) => {
                let room = self.room(text);
                zone.covers_any(room)
                    .then(|| format!("the {}", text.field.field))
            }
        });
        match trespasser {
            Some(who) => Err(self.broken(&format!("{who} lies in a zone that must stay free"))),
            None => Ok(()),
        }
    }

    /// Returns all dots that a text can cover when it fills its box.
    fn room(&self, text: &TextPiece) -> Dots {
        let (rule, frame) = (&text.rule, &text.frame);
        let step = rule.size * rule.leading;
        let more = step * (rule.lines as f32 - 1.0);
        let (up, down) = match text.field.align {
            VerticalAlign::Top => (0.0, more),
            VerticalAlign::Middle => (more / 2.0, more / 2.0),
            VerticalAlign::Bottom => (more, 0.0),
        };
        let left = match text.anchor {
            usvg::TextAnchor::Start => 0.0,
            usvg::TextAnchor::Middle => rule.width / 2.0,
            usvg::TextAnchor::End => rule.width,
        };
        let dots = |mm: f32| mm * self.raster.dots_per_mm();
        let mut corner = [resvg::tiny_skia::Point::from_xy(frame.x, frame.y)];
        text.to_dots.map_points(&mut corner);
        Dots {
            x: (corner[0].x - dots(left)) as i32,
            y: (corner[0].y - dots(up + rule.size * 0.8)) as i32,
            width: dots(rule.width) as u32,
            height: dots(up + down + rule.size) as u32,
        }
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> DrawError {
        DrawError::Template {
            file: self.file.clone(),
            what: error.to_string(),
        }
    }

    fn add(&mut self, part: Part, tree: &usvg::Tree, mm_per_pixel: f32) -> Result<(), DrawError> {
        match part {
            Part::Fixed { resin, when, .. } => {
                if let Some(layer) = Layer::draw(tree, self.raster, self.to_dots) {
                    if resin && !layer.is_black() {
                        return Err(self.broken(&"an element of the class resin is not black"));
                    }
                    self.pieces.push(Piece::Ink { layer, resin, when });
                }
            }
            Part::Box { id, when, .. } => {
                if let Some(shape) = Layer::draw(tree, self.raster, self.to_dots) {
                    let dots = shape.dots();
                    self.pieces.push(match id.as_str() {
                        "qr" => Piece::Code { dots, when },
                        "barcode" => Piece::Bars { dots, when },
                        _ => Piece::Portrait { shape, when },
                    });
                }
            }
            Part::Text {
                field,
                frame,
                resin,
                when,
            } => {
                let Some(text) = text_of(tree) else {
                    return Ok(());
                };
                let ts = text.abs_transform();
                let unit = (ts.sx * ts.sy - ts.kx * ts.ky).abs().sqrt() * mm_per_pixel;
                let size = font_size(text) * unit;
                let rule = Rule {
                    width: field.width.unwrap_or(super::raster::CARD_WIDTH),
                    size,
                    shrink: field.shrink.unwrap_or(size * 0.75),
                    lines: field.lines,
                    leading: field.leading,
                    height: field.height.unwrap_or(f32::INFINITY),
                };
                self.pieces.push(Piece::Text(Box::new(TextPiece {
                    field,
                    frame,
                    resin,
                    when,
                    rule,
                    unit,
                    anchor: anchor(text),
                    to_dots: self.to_dots.pre_concat(ts),
                })));
            }
        }
        Ok(())
    }

    /// Returns the boxes of the codes, over which nothing may be drawn.
    fn codes(&self) -> Vec<Dots> {
        self.pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Code { dots, .. } | Piece::Bars { dots, .. } => Some(*dots),
                _ => None,
            })
            .collect()
    }

    /// Draws the card with its values.
    pub(super) fn fill(&self, filling: &Filling<'_>, fonts: &Fonts) -> Result<CardFace, DrawError> {
        let mut canvas = self.ground.clone();
        let mut grown = HashMap::new();
        for piece in &self.pieces {
            let when = match piece {
                Piece::Ink { when, .. }
                | Piece::Portrait { when, .. }
                | Piece::Code { when, .. }
                | Piece::Bars { when, .. } => when,
                Piece::Text(text) => &text.when,
            };
            if !holds(when, filling) {
                continue;
            }
            match piece {
                Piece::Ink { layer, resin, .. } => canvas.ink(layer, *resin),
                Piece::Portrait { shape, .. } => canvas.portrait(filling.portrait, shape),
                Piece::Code { dots, .. } => {
                    canvas.clear(*dots);
                    let least = qr::least_dots(self.raster);
                    let code = (filling.code)()?;
                    let squares = code
                        .squares(*dots, least)
                        .ok_or(DrawError::CodeRoom { least })?;
                    squares.for_each(|square| canvas.black(square));
                }
                Piece::Bars { dots, .. } => {
                    if let Some(bars) = filling.bars {
                        canvas.clear(*dots);
                        let least = bars::least_dots(self.raster);
                        let bars = bars
                            .bars(*dots, least)
                            .ok_or(DrawError::BarsRoom { least })?;
                        bars.for_each(|bar| canvas.black(bar));
                    }
                }
                Piece::Text(text) => self.text(text, filling, fonts, &mut canvas, &mut grown)?,
            }
        }
        if filling.content.test {
            self.mark_as_test(fonts, &mut canvas)?;
        }
        canvas.finish(self.upright).ok_or(DrawError::Raster)
    }

    /// Draws one text. `grown` holds, for each text before it, how far in mm it reaches below its first line.
    fn text<'a>(
        &'a self,
        piece: &'a TextPiece,
        filling: &Filling<'_>,
        fonts: &Fonts,
        canvas: &mut Canvas,
        grown: &mut HashMap<&'a str, f32>,
    ) -> Result<(), DrawError> {
        let Some(value) = (filling.value)(&piece.field) else {
            return Ok(());
        };
        let value = tidy(&value, piece.field.upper);
        if value.is_empty() {
            return Ok(());
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(DrawError::Room {
                field: piece.field.field.clone(),
            });
        }
        let lacking = Lacking::default();
        let options = fonts.options(&lacking, nothing());
        let above = piece.field.after.as_deref();
        let down = above
            .and_then(|field| grown.get(field))
            .copied()
            .unwrap_or(0.0);
        let (tree, reach) = piece
            .set(&value, down, &options)
            .ok_or_else(|| DrawError::Room {
                field: piece.field.field.clone(),
            })?;
        grown.insert(&piece.field.field, down + reach);
        if !lacking.letters().is_empty() {
            return Err(DrawError::Letters {
                field: piece.field.field.clone(),
                letters: fonts.missing(&value),
            });
        }
        if let Some(layer) = Layer::draw(&tree, self.raster, self.to_dots) {
            canvas.ink(&layer, piece.resin);
        }
        Ok(())
    }

    /// Writes "TEST" over the whole card except over the codes: nobody can mistake the card for a real one, and readers
    /// can still read the codes.
    fn mark_as_test(&self, fonts: &Fonts, canvas: &mut Canvas) -> Result<(), DrawError> {
        let lacking = Lacking::default();
        let options = fonts.options(&lacking, nothing());
        let tree =
            usvg::Tree::from_str(TEST_MARK, &options).map_err(|error| self.broken(&error))?;
        let scale = self.raster.width as f32 / tree.size().width();
        let middle = (self.raster.height as f32 - tree.size().height() * scale) / 2.0;
        let to_dots = Transform::from_row(scale, 0.0, 0.0, scale, 0.0, middle);
        if let Some(layer) = Layer::draw(&tree, self.raster, to_dots) {
            canvas.wash(&layer, &self.codes());
        }
        Ok(())
    }
}

impl TextPiece {
    /// Fits the text into its box, `down` mm below the position in the template, and returns how far its last line is
    /// below its first one. Returns `None` when the text cannot be made small enough.
    fn set(
        &self,
        value: &str,
        down: f32,
        options: &usvg::Options<'_>,
    ) -> Option<(usvg::Tree, f32)> {
        let frame = &self.frame;
        let y = frame.y + down / self.unit;
        let one_line = |text: &str| {
            let svg = frame.with_lines([(text, frame.x, y)].into_iter(), None);
            usvg::Tree::from_str(&svg, options).ok()
        };
        let measure = |text: &str| {
            one_line(text)
                .as_ref()
                .and_then(text_of)
                .map_or(0.0, |text| text.bounding_box().width() * self.unit)
        };
        let whole = one_line(value)?;
        let width = text_of(&whole).map_or(0.0, |text| text.bounding_box().width() * self.unit);
        if width <= self.rule.width && self.rule.size <= self.rule.height {
            return Some((whole, 0.0));
        }
        let words = words(value);
        let widths: Vec<f32> = words.iter().map(|word| measure(word.text)).collect();
        let space = measure("n n") - measure("nn");
        let gaps: Vec<f32> = words
            .iter()
            .map(|word| if word.space { space } else { 0.0 })
            .collect();
        let fit = fit::fit(&widths, &gaps, &self.rule)?;
        let size = self.rule.size / self.unit * fit.scale;
        let step = size * self.rule.leading;
        let lift = match self.field.align {
            VerticalAlign::Top => 0.0,
            VerticalAlign::Middle => step * (fit.ends.len() as f32 - 1.0) / 2.0,
            VerticalAlign::Bottom => step * (fit.ends.len() as f32 - 1.0),
        };
        let starts = std::iter::once(&0).chain(&fit.ends);
        let lines: Vec<String> = starts
            .zip(&fit.ends)
            .map(|(start, end)| joined(&words[*start..*end]))
            .collect();
        let placed = lines
            .iter()
            .enumerate()
            .map(|(i, line)| (line.as_str(), frame.x, y - lift + i as f32 * step));
        let tree = usvg::Tree::from_str(&frame.with_lines(placed, Some(size)), options).ok()?;
        let reach = step * (fit.ends.len() as f32 - 1.0) - lift;
        Some((tree, reach * self.unit))
    }
}

/// A piece of text that is never broken across lines.
struct Word<'a> {
    text: &'a str,
    /// Whether a space follows when the next word is on the same line. There is none after a hyphen.
    space: bool,
}

/// Splits a text into words at spaces and after hyphens.
fn words(text: &str) -> Vec<Word<'_>> {
    text.split(' ')
        .flat_map(|chunk| {
            let parts: Vec<&str> = chunk.split_inclusive('-').collect();
            let last = parts.len().saturating_sub(1);
            parts
                .into_iter()
                .enumerate()
                .map(move |(i, text)| Word {
                    text,
                    space: i == last,
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn joined(words: &[Word<'_>]) -> String {
    let mut line = String::new();
    for (i, word) in words.iter().enumerate() {
        line.push_str(word.text);
        if word.space && i + 1 < words.len() {
            line.push(' ');
        }
    }
    line
}

/// Leaves one space between words and none at the ends, and removes characters that cannot be seen.
fn tidy(text: &str, upper: bool) -> String {
    let shown: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
        .collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    let text = words.join(" ");
    if upper { text.to_uppercase() } else { text }
}

fn holds(when: &When, filling: &Filling<'_>) -> bool {
    let there = |name: &String| match name.as_str() {
        "portrait" | "qr" => true,
        "barcode" => filling.bars.is_some(),
        "test" => filling.content.test,
        _ => {
            let field = TextField {
                field: name.clone(),
                width: None,
                shrink: None,
                lines: 1,
                leading: 1.0,
                height: None,
                align: VerticalAlign::Top,
                date: None,
                upper: false,
                after: None,
            };
            (filling.value)(&field).is_some_and(|value| !value.trim().is_empty())
        }
    };
    when.has.iter().all(there) && !when.lacks.iter().any(there)
}

fn text_of(tree: &usvg::Tree) -> Option<&usvg::Text> {
    fn find(group: &usvg::Group) -> Option<&usvg::Text> {
        group.children().iter().find_map(|node| match node {
            usvg::Node::Text(text) => Some(text.as_ref()),
            usvg::Node::Group(group) => find(group),
            _ => None,
        })
    }
    find(tree.root())
}

fn anchor(text: &usvg::Text) -> usvg::TextAnchor {
    text.chunks()
        .first()
        .map_or(usvg::TextAnchor::Start, |chunk| chunk.anchor())
}

fn font_size(text: &usvg::Text) -> f32 {
    text.chunks()
        .first()
        .and_then(|chunk| chunk.spans().first())
        .map_or(12.0, |span| span.font_size().get())
}

/// Resolves the pictures that belong to the template, by name or embedded in the file. No other file can be opened.
fn pictures(template: &Template) -> ImageHrefResolver<'_> {
    ImageHrefResolver {
        resolve_data: Box::new(|kind, bytes, _| {
            super::template::picture(&bytes).ok()?;
            match kind {
                "image/png" => Some(ImageKind::PNG(bytes)),
                "image/jpeg" | "image/jpg" => Some(ImageKind::JPEG(bytes)),
                _ => None,
            }
        }),
        resolve_string: Box::new(|name, _| {
            let bytes = template.picture(name)?;
            if bytes.starts_with(b"\x89PNG") {
                Some(ImageKind::PNG(bytes))
            } else {
                Some(ImageKind::JPEG(bytes))
            }
        }),
    }
}

fn nothing() -> ImageHrefResolver<'static> {
    ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    }
}

/// The "TEST" mark. Its strokes are wide enough for the dye panel and pale enough that everything below stays legible.
const TEST_MARK: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="856" height="540" viewBox="0 0 856 540">
<g transform="rotate(-24 428 270)" fill="#c8102e" fill-opacity="0.30" font-family="Noto Sans" font-weight="600"
 font-size="150" text-anchor="middle" letter-spacing="24"><text x="428" y="200">TEST</text><text x="428" y="420">TEST</text></g></svg>"##;
