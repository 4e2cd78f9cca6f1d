//! What happens to each value by itself or with its partner of another tensor.

use std::sync::Arc;

use crate::graph::Curve;

/// The second operand of a sum or product; it repeats over the first.
#[derive(Debug, Clone)]
pub(crate) enum Partner {
    Slot { slot: usize, len: usize },
    Constant(Arc<[f32]>),
}

impl Partner {
    pub(crate) fn values<'a>(&'a self, slots: &'a [Vec<f32>]) -> &'a [f32] {
        match self {
            Partner::Slot { slot, len } => &slots[*slot][..*len],
            Partner::Constant(values) => values,
        }
    }
}

/// What is done to values in place.
#[derive(Debug, Clone)]
pub(crate) enum After {
    Add(Partner),
    Mul(Partner),
    Curve(Curve),
    /// Slopes below 0, which repeat over the values.
    Prelu(Arc<[f32]>),
}

impl After {
    /// Changes `values`, which begin at `start` of the whole tensor; a part ends where the repeating ends.
    pub(crate) fn apply(&self, values: &mut [f32], start: usize, slots: &[Vec<f32>]) {
        match self {
            After::Add(partner) => {
                with(values, start, partner.values(slots), |value, other| {
                    value + other
                });
            }
            After::Mul(partner) => {
                with(values, start, partner.values(slots), |value, other| {
                    value * other
                });
            }
            After::Prelu(slopes) => with(values, start, slopes, |value, slope| {
                value.max(0.0) + slope * value.min(0.0)
            }),
            After::Curve(Curve::Relu) => {
                for value in values {
                    *value = value.max(0.0);
                }
            }
            After::Curve(Curve::HardSwish) => {
                for value in values {
                    *value *= (*value + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0);
                }
            }
            After::Curve(Curve::Logistic) => {
                for value in values {
                    *value = 1.0 / (1.0 + (-*value).exp());
                }
            }
        }
    }
}

/// Joins each value with its partner; `start` is where the values begin in the whole.
fn with(values: &mut [f32], start: usize, others: &[f32], join: impl Fn(f32, f32) -> f32) {
    if let [other] = *others {
        for value in values {
            *value = join(*value, other);
        }
        return;
    }
    if others.is_empty() {
        return;
    }
    let mut at = start % others.len();
    let mut rest = values;
    while !rest.is_empty() {
        let count = rest.len().min(others.len() - at);
        let (part, after) = rest.split_at_mut(count);
        for (value, other) in part.iter_mut().zip(&others[at..at + count]) {
            *value = join(*value, *other);
        }
        (rest, at) = (after, 0);
    }
}
