//! Makes a plan from the file's operators.
//!
//! Three things are done once, so that a run only computes: operators on single values are joined to the step before
//! them, tensors that are never needed at the same time share a buffer ("slot"), and reshapes become another name for
//! the same values.

mod slots;

use std::sync::Arc;

use crate::Error;
use crate::attention::{MATRIX, Sample};
use crate::conv::Conv;
use crate::depthwise::Depthwise;
use crate::graph::{Constant, Graph, Kind, MOST_VALUES_IN_ALL, Operator, Tensor, Window};
use crate::plan::{Plan, Slot, Step, Work};
use crate::pointwise::{Change, Partner};
use crate::pool::{Pad, Part, Pool, Resize};
use crate::transposed::Transposed;
use crate::window::{Placing, Size};

/// The largest number of multiplications in a run. The largest of MediaPipe's three networks has 58 million.
const MOST_WORK: usize = 1 << 31;

/// Makes the steps and buffers of a network.
pub(crate) fn plan(graph: &Graph) -> Result<Plan, Error> {
    let [input] = graph.inputs[..] else {
        return Err(Error::Unsupported("networks of many inputs".to_owned()));
    };
    if graph.tensors[input].constant.is_some() {
        return Err(Error::Damaged("the input is a constant"));
    }
    Planner::new(graph)?.plan(input)
}

/// The weights and the bias of a convolution.
struct Weights {
    shape: [usize; 4],
    values: Arc<[f32]>,
    bias: Arc<[f32]>,
}

/// A step whose operands are still tensors of the file.
struct Draft {
    work: Work,
    inputs: Vec<usize>,
    output: usize,
    after: Vec<Later>,
    /// The index of the last operator that is part of the step.
    position: usize,
}

/// An operation after a step, with a tensor of the file as its second operand.
enum Later {
    Add(usize),
    Mul(usize),
    Ready(Change),
}

impl Later {
    fn partner(&self) -> Option<usize> {
        match self {
            Later::Add(partner) | Later::Mul(partner) => Some(*partner),
            Later::Ready(_) => None,
        }
    }
}

struct Planner<'a> {
    graph: &'a Graph,
    /// For each tensor, the tensor that has its values. It differs only for a reshape.
    root: Vec<usize>,
    /// How often each tensor is an operand or an output.
    uses: Vec<usize>,
    /// The last operator that uses each tensor as an operand.
    user: Vec<usize>,
    work: usize,
}

impl<'a> Planner<'a> {
    fn new(graph: &'a Graph) -> Result<Self, Error> {
        let count = graph.tensors.len();
        let mut planner = Planner {
            graph,
            root: (0..count).collect(),
            uses: vec![0; count],
            user: vec![0; count],
            work: 0,
        };
        for (index, operator) in graph.operators.iter().enumerate() {
            for input in operator.inputs.iter().flatten() {
                planner.uses[*input] += 1;
                planner.user[*input] = index;
            }
            if matches!(operator.kind, Kind::Reshape) {
                let input = operand(operator, 0)?;
                if graph.tensors[input].len != graph.tensors[operator.output].len {
                    return Err(Error::Unsupported("a slice of a part".to_owned()));
                }
                planner.root[operator.output] = planner.root[input];
            }
        }
        for output in &graph.outputs {
            planner.uses[*output] += 1;
        }
        Ok(planner)
    }

    fn tensor(&self, index: usize) -> &'a Tensor {
        &self.graph.tensors[index]
    }

    fn plan(mut self, input: usize) -> Result<Plan, Error> {
        let drafts = self.drafts()?;
        let (slot_of, sizes) = self.share(input, &drafts)?;
        let slot = |tensor: usize| slot_of[self.root[tensor]];
        let place = |tensor: usize| Slot {
            slot: slot(tensor),
            len: self.tensor(tensor).len,
            shape: self.tensor(tensor).shape.clone(),
        };
        let with_len = |tensor: usize| (slot(tensor), self.tensor(tensor).len);
        let partner = |tensor: usize| match &self.tensor(tensor).constant {
            Some(Constant::Floats(floats)) => Partner::Constant(floats.clone()),
            _ => Partner::Slot {
                slot: slot(tensor),
                len: self.tensor(tensor).len,
            },
        };
        let steps = drafts.into_iter().map(|draft| Step {
            inputs: draft.inputs.iter().copied().map(with_len).collect(),
            output: with_len(draft.output),
            after: draft
                .after
                .into_iter()
                .map(|later| match later {
                    Later::Add(tensor) => Change::Add(partner(tensor)),
                    Later::Mul(tensor) => Change::Mul(partner(tensor)),
                    Later::Ready(after) => after,
                })
                .collect(),
            work: draft.work,
        });
        let steps: Vec<Step> = steps.collect();
        let scratch = steps.iter().map(Step::scratch).max().unwrap_or(0);
        Ok(Plan {
            slots: sizes.iter().map(|size| vec![0.0; *size]).collect(),
            input: place(input),
            outputs: self.graph.outputs.iter().copied().map(place).collect(),
            steps,
            scratch: vec![0.0; scratch],
        })
    }

    /// Returns the steps in the order of a run, each with the operations that can be joined to it.
    fn drafts(&mut self) -> Result<Vec<Draft>, Error> {
        let graph = self.graph;
        let mut joined = vec![false; graph.operators.len()];
        let mut drafts = Vec::new();
        for (index, operator) in graph.operators.iter().enumerate() {
            if joined[index] || matches!(operator.kind, Kind::Reshape) {
                continue;
            }
            let mut draft = match self.pointwise(operator, None)? {
                Some((base, later)) => Draft {
                    work: Work::Copy,
                    inputs: vec![base],
                    output: operator.output,
                    after: vec![later],
                    position: index,
                },
                None => self.draft(operator, index)?,
            };
            // The result has only one reader, so the reader's operation can be applied immediately.
            while self.uses[draft.output] == 1 {
                let next = self.user[draft.output];
                let Some((base, later)) =
                    self.pointwise(&graph.operators[next], Some(draft.output))?
                else {
                    break;
                };
                if base != draft.output || joined[next] {
                    break;
                }
                joined[next] = true;
                draft.output = graph.operators[next].output;
                draft.after.push(later);
                draft.position = next;
            }
            for tensor in &draft.inputs {
                if self.tensor(*tensor).constant.is_some() {
                    return Err(Error::Unsupported("operators on constants".to_owned()));
                }
            }
            self.count(self.tensor(draft.output).len * (1 + draft.after.len()))?;
            drafts.push(draft);
        }
        // A joined operation runs only when its last operand exists.
        drafts.sort_by_key(|draft| draft.position);
        Ok(drafts)
    }

    fn count(&mut self, work: usize) -> Result<(), Error> {
        self.work = self.work.saturating_add(work);
        if self.work > MOST_WORK {
            return Err(Error::TooLarge("a run would take seconds"));
        }
        Ok(())
    }

    /// Returns the operand whose values are changed one by one, and the change, or `None` for another kind of operator.
    /// If two operands are possible, `wanted` selects one.
    fn pointwise(
        &self,
        operator: &Operator,
        wanted: Option<usize>,
    ) -> Result<Option<(usize, Later)>, Error> {
        let later = match &operator.kind {
            Kind::Add | Kind::Mul => {
                let (mut a, mut b) = (operand(operator, 0)?, operand(operator, 1)?);
                if wanted == Some(b) {
                    (a, b) = (b, a);
                }
                let output = self.tensor(operator.output);
                let (base, partner) = match (self.fits(a, output), self.fits(b, output)) {
                    (true, _) => (a, b),
                    (false, true) => (b, a),
                    _ => return Err(Error::Unsupported("sums that repeat both".to_owned())),
                };
                if !repeats(&self.tensor(partner).shape, &output.shape) {
                    let what = "sums that repeat in the middle";
                    return Err(Error::Unsupported(what.to_owned()));
                }
                if matches!(self.tensor(partner).constant, Some(Constant::Ints(_))) {
                    return Err(Error::Unsupported("sums of whole numbers".to_owned()));
                }
                let later = if matches!(operator.kind, Kind::Add) {
                    Later::Add(partner)
                } else {
                    Later::Mul(partner)
                };
                return Ok(Some((base, later)));
            }
            Kind::Curve(curve) => Change::Curve(*curve),
            Kind::Prelu => {
                let slopes = operand(operator, 1)?;
                if !repeats(
                    &self.tensor(slopes).shape,
                    &self.tensor(operator.output).shape,
                ) {
                    return Err(Error::Unsupported(
                        "slopes that repeat in the middle".to_owned(),
                    ));
                }
                Change::Prelu(self.floats(slopes)?)
            }
            _ => return Ok(None),
        };
        let base = operand(operator, 0)?;
        if !self.fits(base, self.tensor(operator.output)) {
            return Err(Error::Damaged("an operator changes the shape"));
        }
        Ok(Some((base, Later::Ready(later))))
    }

    fn fits(&self, tensor: usize, output: &Tensor) -> bool {
        let tensor = self.tensor(tensor);
        tensor.constant.is_none() && tensor.shape == output.shape
    }

    fn floats(&self, tensor: usize) -> Result<Arc<[f32]>, Error> {
        match &self.tensor(tensor).constant {
            Some(Constant::Floats(floats)) => Ok(floats.clone()),
            _ => Err(Error::Unsupported("weights that are computed".to_owned())),
        }
    }

    fn ints(&self, tensor: usize) -> Result<&'a [i32], Error> {
        match &self.tensor(tensor).constant {
            Some(Constant::Ints(ints)) => Ok(ints),
            _ => Err(Error::Unsupported("sizes that are computed".to_owned())),
        }
    }

    fn size(&self, tensor: usize) -> Result<Size, Error> {
        match self.tensor(tensor).shape[..] {
            [1, height, width, channels] if height > 0 && width > 0 && channels > 0 => Ok(Size {
                height,
                width,
                channels,
            }),
            _ => Err(Error::Unsupported(
                "pictures that are not one of height, width and channels".to_owned(),
            )),
        }
    }

    fn draft(&mut self, operator: &Operator, position: usize) -> Result<Draft, Error> {
        let input = operand(operator, 0)?;
        let mut inputs = vec![input];
        let output = operator.output;
        let work = match &operator.kind {
            Kind::Conv(window) => self.conv(operator, *window)?,
            Kind::Depthwise(window) => self.depthwise(operator, *window)?,
            Kind::TransposedConv { step } => self.transposed(operator, *step)?,
            Kind::AveragePool(window, size) => self.pool(operator, *window, *size, true)?,
            Kind::MaxPool(window, size) => self.pool(operator, *window, *size, false)?,
            Kind::Resize => {
                let (from, to) = (self.size(input)?, self.size(output)?);
                let wanted = self.ints(operand(operator, 1)?)?;
                let given = [to.height as i32, to.width as i32];
                if wanted != given || from.channels != to.channels {
                    return Err(Error::Damaged("a resized picture has another size"));
                }
                Work::Resize(Resize::new(from, to))
            }
            Kind::Pad => self.pad(operator)?,
            Kind::Concatenation { axis } => {
                inputs = operator.inputs.iter().flatten().copied().collect();
                self.join(&inputs, output, *axis)?
            }
            Kind::LandmarksToMatrix(subset) => {
                let points = self.tensor(input).len / 3;
                let known = |point: &usize| *point < points;
                let all = subset.points.iter().chain(&subset.line).all(known);
                if !all || subset.points.is_empty() || subset.cells.contains(&0) {
                    return Err(Error::Damaged("a landmark does not exist"));
                }
                if self.tensor(output).len != MATRIX {
                    return Err(Error::Damaged("a matrix is not 4 by 4"));
                }
                Work::Matrix(subset.clone())
            }
            Kind::TransformTensor => {
                inputs.push(self.matrix(operator)?);
                let (from, to) = (self.size(input)?, self.size(output)?);
                if from.channels != to.channels {
                    return Err(Error::Damaged("a sampled picture has other channels"));
                }
                Work::Sample(Sample { from, to })
            }
            Kind::TransformLandmarks => {
                inputs.push(self.matrix(operator)?);
                if self.tensor(input).len != self.tensor(output).len {
                    return Err(Error::Damaged("points get lost"));
                }
                Work::Points
            }
            Kind::Add
            | Kind::Mul
            | Kind::Curve(_)
            | Kind::Prelu
            | Kind::Reshape
            | Kind::Dequantize => {
                return Err(Error::Damaged("an operator stands where it cannot"));
            }
        };
        Ok(Draft {
            work,
            inputs,
            output,
            after: Vec::new(),
            position,
        })
    }

    fn matrix(&self, operator: &Operator) -> Result<usize, Error> {
        let matrix = operand(operator, 1)?;
        if self.tensor(matrix).len != MATRIX {
            return Err(Error::Damaged("a matrix is not 4 by 4"));
        }
        Ok(matrix)
    }

    /// Checks that a window over `from` produces `to`, and returns its placing.
    fn placing(
        window: Window,
        from: Size,
        to: Size,
        [height, width]: [usize; 2],
    ) -> Result<Placing, Error> {
        let Window { padding, step } = window;
        let rows = Placing::along(padding, from.height, height, step[0]);
        let columns = Placing::along(padding, from.width, width, step[1]);
        match (rows, columns) {
            (Some((rows, top)), Some((columns, left)))
                if rows == to.height && columns == to.width =>
            {
                Ok(Placing {
                    step,
                    before: [top, left],
                })
            }
            _ => Err(Error::Damaged("a window makes another size than is said")),
        }
    }

    /// Returns the weights of an operator, which must have the expected shape, and its bias. A bias that is left out is
    /// 0.
    fn weights(&self, operator: &Operator, channels: usize) -> Result<Weights, Error> {
        let weights = operand(operator, 1)?;
        let shape: Result<[usize; 4], _> = self.tensor(weights).shape.as_slice().try_into();
        let shape = shape.map_err(|_| Error::Damaged("weights have another shape"))?;
        let bias = match operator.inputs.get(2).copied().flatten() {
            Some(bias) => self.floats(bias)?,
            None => vec![0.0; channels].into(),
        };
        if bias.len() != channels {
            return Err(Error::Damaged("there are not as many biases as channels"));
        }
        Ok(Weights {
            shape,
            values: self.floats(weights)?,
            bias,
        })
    }

    fn conv(&mut self, operator: &Operator, window: Window) -> Result<Work, Error> {
        let (from, to) = (
            self.size(operand(operator, 0)?)?,
            self.size(operator.output)?,
        );
        let Weights {
            shape,
            values: weights,
            bias,
        } = self.weights(operator, to.channels)?;
        let [channels, height, width, depth] = shape;
        if channels != to.channels || depth != from.channels || height == 0 || width == 0 {
            return Err(Error::Damaged("weights have another shape"));
        }
        let kernel = [height, width];
        let placing = Self::placing(window, from, to, kernel)?;
        self.count((to.height * to.width).saturating_mul(weights.len()))?;
        let conv = Conv::new(from, to, kernel, placing, &weights, &bias);
        self.count_rows(to, conv.scratch())?;
        Ok(Work::Conv(conv))
    }

    /// Counts the work of laying out rows: `scratch` values for each row of the output.
    fn count_rows(&mut self, to: Size, scratch: usize) -> Result<(), Error> {
        if scratch > MOST_VALUES_IN_ALL {
            return Err(Error::TooLarge("a convolution needs too much memory"));
        }
        self.count(to.height.saturating_mul(scratch))
    }

    fn depthwise(&mut self, operator: &Operator, window: Window) -> Result<Work, Error> {
        let (from, to) = (
            self.size(operand(operator, 0)?)?,
            self.size(operator.output)?,
        );
        let Weights {
            shape,
            values: weights,
            bias,
        } = self.weights(operator, to.channels)?;
        let [one, height, width, channels] = shape;
        if one != 1 || height == 0 || width == 0 {
            return Err(Error::Damaged("weights have another shape"));
        }
        if channels != from.channels || channels != to.channels {
            let what = "several results for a channel";
            return Err(Error::Unsupported(what.to_owned()));
        }
        let kernel = [height, width];
        let placing = Self::placing(window, from, to, kernel)?;
        self.count(to.len().saturating_mul(height * width))?;
        let depthwise = Depthwise::new(from, to, kernel, placing, &weights, &bias);
        self.count_rows(to, depthwise.scratch())?;
        Ok(Work::Depthwise(depthwise))
    }

    fn transposed(&mut self, operator: &Operator, step: [usize; 2]) -> Result<Work, Error> {
        let (from, to) = (
            self.size(operand(operator, 0)?)?,
            self.size(operator.output)?,
        );
        let Weights {
            shape,
            values: weights,
            bias,
        } = self.weights(operator, to.channels)?;
        if shape != [to.channels, step[0], step[1], from.channels] {
            let what = "transposed convolutions whose windows overlap";
            return Err(Error::Unsupported(what.to_owned()));
        }
        if to.height != from.height * step[0] || to.width != from.width * step[1] {
            return Err(Error::Damaged("a window makes another size than is said"));
        }
        self.count(to.len().saturating_mul(from.channels))?;
        let transposed = Transposed::new(from, to, step, &weights, &bias);
        self.count_rows(from, transposed.scratch())?;
        Ok(Work::Transposed(transposed))
    }

    fn pool(
        &mut self,
        operator: &Operator,
        window: Window,
        size: [usize; 2],
        mean: bool,
    ) -> Result<Work, Error> {
        let (from, to) = (
            self.size(operand(operator, 0)?)?,
            self.size(operator.output)?,
        );
        if from.channels != to.channels {
            return Err(Error::Damaged("a pool has other channels"));
        }
        let placing = Self::placing(window, from, to, size)?;
        self.count(to.len().saturating_mul(size[0] * size[1]))?;
        Ok(Work::Pool(Pool {
            from,
            to,
            size,
            placing,
            mean,
        }))
    }

    fn pad(&self, operator: &Operator) -> Result<Work, Error> {
        let (from, to) = (
            self.size(operand(operator, 0)?)?,
            self.size(operator.output)?,
        );
        let (pairs, _) = self.ints(operand(operator, 1)?)?.as_chunks::<2>();
        let [batch, sides @ ..] = pairs else {
            return Err(Error::Damaged("a padding has no sides"));
        };
        let from_sides = [from.height, from.width, from.channels];
        let to_sides = [to.height, to.width, to.channels];
        let mut before = [0; 3];
        if *batch != [0, 0] || sides.len() != 3 {
            return Err(Error::Unsupported("more pictures by padding".to_owned()));
        }
        for (axis, [start, end]) in sides.iter().enumerate() {
            let (Ok(start), Ok(end)) = (usize::try_from(*start), usize::try_from(*end)) else {
                return Err(Error::Damaged("a padding is negative"));
            };
            if from_sides[axis] + start + end != to_sides[axis] {
                return Err(Error::Damaged("a padded picture has another size"));
            }
            before[axis] = start;
        }
        Ok(Work::Pad(Pad { from, to, before }))
    }

    fn join(&self, inputs: &[usize], output: usize, axis: usize) -> Result<Work, Error> {
        let wrong = Error::Damaged("joined parts do not fit together");
        let output = self.tensor(output);
        if axis >= output.shape.len() {
            return Err(wrong);
        }
        let inner = |shape: &[usize]| shape[axis..].iter().product::<usize>();
        let of = inner(&output.shape);
        let mut at = 0;
        let mut parts = Vec::new();
        for input in inputs {
            let shape = &self.tensor(*input).shape;
            let same = shape.len() == output.shape.len()
                && (0..shape.len()).all(|side| side == axis || shape[side] == output.shape[side]);
            if !same {
                return Err(wrong);
            }
            let len = inner(shape);
            parts.push(Part { len, at, of });
            at += len;
        }
        if at != of {
            return Err(wrong);
        }
        Ok(Work::Join(parts))
    }
}

impl Draft {
    /// Iterates over every tensor that is read, including constants.
    fn reads(&self) -> impl Iterator<Item = usize> {
        let partners = self.after.iter().filter_map(Later::partner);
        self.inputs.iter().copied().chain(partners)
    }
}

fn operand(operator: &Operator, index: usize) -> Result<usize, Error> {
    let operand = operator.inputs.get(index).copied().flatten();
    operand.ok_or(Error::Damaged("an operator lacks an operand"))
}

/// Whether a shape without its leading ones is the end of the other shape. Its values then repeat over the other's.
fn repeats(shape: &[usize], over: &[usize]) -> bool {
    let ones = shape.iter().take_while(|side| **side == 1).count();
    let part = &shape[ones..];
    over.ends_with(part) && !shape.contains(&0)
}
