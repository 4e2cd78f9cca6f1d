//! A TensorFlow Lite file as plain data: tensors, constants and operators, all of them within limits.
//!
//! The numbers of fields and operators are those of TensorFlow Lite's schema, version 3.

use std::sync::Arc;

use crate::Error;
use crate::flatbuffer::{File, Table};

/// Limits that a small network does not come near (the attention mesh has 1096 tensors and 712 operators).
const MOST_TENSORS: usize = 10_000;
const MOST_OPERATORS: usize = 10_000;
const MOST_BUFFERS: usize = 10_000;
const MOST_OPERANDS: usize = 64;
/// The largest number of values in one tensor.
pub(crate) const MOST_VALUES: usize = 1 << 22;
/// The largest number of values in all constants together, or in all buffers of a plan.
pub(crate) const MOST_VALUES_IN_ALL: usize = 1 << 24;

/// The largest side of a pool and step of a window.
const MOST_STEP: usize = 4096;

/// The largest number of dimensions. Batch, height, width and channels are four.
const MOST_DIMENSIONS: usize = 5;

const FLOAT32: u8 = 0;
const FLOAT16: u8 = 1;
const INT32: u8 = 2;

/// The index of an operand that is left out.
const LEFT_OUT: i32 = -1;

#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) inputs: Vec<usize>,
    pub(crate) outputs: Vec<usize>,
    pub(crate) operators: Vec<Operator>,
}

#[derive(Debug)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) len: usize,
    pub(crate) constant: Option<Constant>,
}

#[derive(Debug, Clone)]
pub(crate) enum Constant {
    Floats(Arc<[f32]>),
    Ints(Arc<[i32]>),
}

#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) kind: Kind,
    /// The operands. One that is left out is `None`.
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) output: usize,
}

/// How windows are placed at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// There are as many outputs as steps fit, and the windows extend beyond both edges.
    Same,
    /// Every window is inside.
    Valid,
}

/// The window of a convolution or a pool, and its steps along height and width.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) padding: Padding,
    pub(crate) step: [usize; 2],
}

#[derive(Debug, Clone, PartialEq, Eq, Copy)]
pub(crate) enum Curve {
    Relu,
    HardSwish,
    Logistic,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Add,
    Mul,
    Concatenation {
        axis: usize,
    },
    Conv(Window),
    Depthwise(Window),
    TransposedConv {
        step: [usize; 2],
    },
    AveragePool(Window, [usize; 2]),
    MaxPool(Window, [usize; 2]),
    Curve(Curve),
    Prelu,
    Pad,
    /// The shape changes but the values do not. A slice of the whole tensor is also read as this.
    Reshape,
    Resize,
    Dequantize,
    LandmarksToMatrix(Subset),
    TransformTensor,
    TransformLandmarks,
}

/// The options of Landmarks2TransformMatrix.
#[derive(Debug, Clone)]
pub(crate) struct Subset {
    pub(crate) points: Vec<usize>,
    /// The two points of the line that is made level.
    pub(crate) line: [usize; 2],
    /// The height and width of the result, in cells.
    pub(crate) cells: [usize; 2],
    /// The factors by which the box around the points is enlarged.
    pub(crate) scale: [f32; 2],
}

impl Graph {
    pub(crate) fn read(bytes: &[u8]) -> Result<Graph, Error> {
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err(Error::Damaged("it is no TensorFlow Lite file of version 3"));
        }
        let model = File(bytes).root()?;
        let codes = model.tables(1, MOST_OPERATORS)?;
        let subgraphs = model.tables(2, 1)?;
        let [subgraph] = subgraphs.as_slice() else {
            return Err(Error::Damaged("it has no network"));
        };
        let buffers = model.tables(4, MOST_BUFFERS)?;
        let mut values = 0usize;
        let tensors = subgraph.tables(0, MOST_TENSORS)?;
        let tensors: Vec<Tensor> = tensors
            .iter()
            .map(|tensor| {
                let tensor = read_tensor(tensor, &buffers)?;
                if tensor.constant.is_some() {
                    values = values.saturating_add(tensor.len);
                }
                if values > MOST_VALUES_IN_ALL {
                    return Err(Error::TooLarge("the weights need too much memory"));
                }
                Ok(tensor)
            })
            .collect::<Result<_, Error>>()?;
        let inputs = indices(&subgraph.i32s(1, MOST_OPERANDS)?, tensors.len())?;
        let outputs = indices(&subgraph.i32s(2, MOST_OPERANDS)?, tensors.len())?;
        let operators = subgraph.tables(3, MOST_OPERATORS)?;
        let operators = operators
            .iter()
            .map(|operator| read_operator(operator, &codes, &tensors))
            .collect::<Result<_, Error>>()?;
        let mut graph = Graph {
            tensors,
            inputs: present(&inputs)?,
            outputs: present(&outputs)?,
            operators,
        };
        graph.unpack()?;
        graph.check_order()?;
        Ok(graph)
    }

    /// Converts constants that the file stores as half floats to floats.
    fn unpack(&mut self) -> Result<(), Error> {
        let (unpacking, computing) = std::mem::take(&mut self.operators)
            .into_iter()
            .partition(|operator| matches!(operator.kind, Kind::Dequantize));
        self.operators = computing;
        let unpacking: Vec<Operator> = unpacking;
        for operator in unpacking {
            let source = operator.inputs.first().copied().flatten();
            let constant = source.and_then(|source| self.tensors[source].constant.clone());
            let target = &mut self.tensors[operator.output];
            match constant {
                Some(Constant::Floats(floats)) if floats.len() == target.len => {
                    target.constant = Some(Constant::Floats(floats));
                }
                _ => {
                    let what = "DEQUANTIZE of what is computed";
                    return Err(Error::Unsupported(what.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Checks that every operand is a constant, an input or was computed before, and that nothing is computed twice.
    fn check_order(&self) -> Result<(), Error> {
        let mut known: Vec<bool> = self
            .tensors
            .iter()
            .map(|tensor| tensor.constant.is_some())
            .collect();
        for input in &self.inputs {
            known[*input] = true;
        }
        for operator in &self.operators {
            if operator.inputs.iter().flatten().any(|input| !known[*input]) {
                return Err(Error::Damaged("an operator needs what is computed later"));
            }
            if std::mem::replace(&mut known[operator.output], true) {
                return Err(Error::Damaged("a value is computed twice"));
            }
        }
        if self.outputs.iter().any(|output| !known[*output]) {
            return Err(Error::Damaged("an output is never computed"));
        }
        Ok(())
    }
}

fn indices(numbers: &[i32], count: usize) -> Result<Vec<Option<usize>>, Error> {
    let index = |number: &i32| {
        if *number == LEFT_OUT {
            return Ok(None);
        }
        let index = usize::try_from(*number).ok().filter(|index| *index < count);
        index
            .map(Some)
            .ok_or(Error::Damaged("an operand does not exist"))
    };
    numbers.iter().map(index).collect()
}

fn present(indices: &[Option<usize>]) -> Result<Vec<usize>, Error> {
    let all: Option<Vec<usize>> = indices.iter().copied().collect();
    all.ok_or(Error::Damaged("an operand does not exist"))
}

fn read_tensor(tensor: &Table<'_>, buffers: &[Table<'_>]) -> Result<Tensor, Error> {
    let shape = tensor.i32s(0, MOST_DIMENSIONS)?;
    let shape: Vec<usize> = shape
        .iter()
        .map(|side| usize::try_from(*side).map_err(|_| Error::Damaged("a side is negative")))
        .collect::<Result<_, _>>()?;
    let len = shape
        .iter()
        .try_fold(1usize, |len, side| len.checked_mul(*side));
    let len = len
        .filter(|len| *len <= MOST_VALUES)
        .ok_or(Error::TooLarge("a tensor has very many values"))?;
    if tensor.has(6)? {
        return Err(Error::Unsupported("sparse tensors".to_owned()));
    }
    let buffer = buffers.get(tensor.size(2, 0)?);
    let buffer = buffer.ok_or(Error::Damaged("a buffer does not exist"))?;
    let bytes = buffer.bytes(0)?;
    let kind = tensor.u8(1)?;
    let constant = match kind {
        FLOAT32 | FLOAT16 | INT32 if bytes.is_empty() => None,
        FLOAT32 => {
            let (words, _) = bytes.as_chunks();
            Some(Constant::Floats(
                words.iter().map(|word| f32::from_le_bytes(*word)).collect(),
            ))
        }
        FLOAT16 => {
            let (words, _) = bytes.as_chunks();
            Some(Constant::Floats(
                words
                    .iter()
                    .map(|word| half(u16::from_le_bytes(*word)))
                    .collect(),
            ))
        }
        INT32 => {
            let (words, _) = bytes.as_chunks();
            Some(Constant::Ints(
                words.iter().map(|word| i32::from_le_bytes(*word)).collect(),
            ))
        }
        other => return Err(Error::Unsupported(format!("tensors of type {other}"))),
    };
    let right = match &constant {
        Some(Constant::Floats(floats)) => floats.len() == len,
        Some(Constant::Ints(ints)) => ints.len() == len,
        None => true,
    };
    if !right {
        return Err(Error::Damaged(
            "a constant has not as many values as its shape",
        ));
    }
    Ok(Tensor {
        shape,
        len,
        constant,
    })
}

/// Converts an IEEE 754 half to a float.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x03ff);
    let magnitude = match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    };
    sign * magnitude
}

fn read_operator(
    operator: &Table<'_>,
    codes: &[Table<'_>],
    tensors: &[Tensor],
) -> Result<Operator, Error> {
    let inputs = indices(&operator.i32s(1, MOST_OPERANDS)?, tensors.len())?;
    let outputs = present(&indices(&operator.i32s(2, MOST_OPERANDS)?, tensors.len())?)?;
    let [output] = outputs[..] else {
        return Err(Error::Unsupported("operators of many results".to_owned()));
    };
    let code = codes.get(operator.size(0, 0)?);
    let code = code.ok_or(Error::Damaged("an operator has no kind"))?;
    // The one-byte field ends at 127. Larger numbers are in the second field.
    let number = code.size(3, 0)?.max(code.u8(0)?.into());
    let options = operator.table(4)?;
    let kind = match number {
        CUSTOM => custom(code.bytes(1)?, operator.bytes(5)?)?,
        _ => built_in(number, options.as_ref(), &inputs, tensors)?,
    };
    Ok(Operator {
        kind,
        inputs,
        output,
    })
}

const CUSTOM: usize = 32;

fn built_in(
    number: usize,
    options: Option<&Table<'_>>,
    inputs: &[Option<usize>],
    tensors: &[Tensor],
) -> Result<Kind, Error> {
    let missing = || Error::Damaged("an operator lacks its options");
    let fused = |field: usize| match options {
        // Fused activations are not supported; MediaPipe's files have activations as separate operators.
        Some(options) if options.u8(field)? != 0 => {
            Err(Error::Unsupported("fused activations".to_owned()))
        }
        _ => Ok(()),
    };
    Ok(match number {
        0 => {
            fused(0)?;
            Kind::Add
        }
        1 | 17 => {
            fused(5)?;
            let options = options.ok_or_else(missing)?;
            let size = [options.size(4, 0)?, options.size(3, 0)?];
            if size.iter().any(|side| !(1..=MOST_STEP).contains(side)) {
                return Err(Error::Damaged("a pool is too small or too large"));
            }
            let window = window(options)?;
            if number == 1 {
                Kind::AveragePool(window, size)
            } else {
                Kind::MaxPool(window, size)
            }
        }
        2 => {
            fused(1)?;
            let axis = options.map_or(Ok(0), |options| options.i32(0, 0))?;
            let rank = inputs.first().copied().flatten();
            let rank = rank.map_or(0, |input| tensors[input].shape.len());
            let axis = if axis < 0 { axis + rank as i32 } else { axis };
            let axis = usize::try_from(axis).ok().filter(|axis| *axis < rank);
            Kind::Concatenation {
                axis: axis.ok_or(Error::Damaged("an axis does not exist"))?,
            }
        }
        3 => {
            fused(3)?;
            let options = options.ok_or_else(missing)?;
            undilated(options, 4)?;
            Kind::Conv(window(options)?)
        }
        4 => {
            fused(4)?;
            let options = options.ok_or_else(missing)?;
            undilated(options, 5)?;
            Kind::Depthwise(window(options)?)
        }
        6 => Kind::Dequantize,
        14 => Kind::Curve(Curve::Logistic),
        18 => {
            fused(0)?;
            Kind::Mul
        }
        19 => Kind::Curve(Curve::Relu),
        22 => Kind::Reshape,
        45 => {
            // With steps of 1, and with as many output values as input values (the plan checks this), the slice is the
            // whole tensor.
            let steps = inputs.get(3).copied().flatten();
            match steps.and_then(|steps| tensors[steps].constant.as_ref()) {
                Some(Constant::Ints(steps)) if steps.iter().all(|step| *step == 1) => Kind::Reshape,
                _ => return Err(Error::Unsupported("slices with steps".to_owned())),
            }
        }
        23 => {
            let options = options.ok_or_else(missing)?;
            if options.u8(2)? != 0 || options.u8(3)? == 0 {
                let what = "RESIZE_BILINEAR without half pixel centres";
                return Err(Error::Unsupported(what.to_owned()));
            }
            Kind::Resize
        }
        34 => Kind::Pad,
        54 => Kind::Prelu,
        117 => Kind::Curve(Curve::HardSwish),
        other => return Err(Error::Unsupported(format!("operator {other}"))),
    })
}

fn window(options: &Table<'_>) -> Result<Window, Error> {
    let padding = match options.u8(0)? {
        0 => Padding::Same,
        1 => Padding::Valid,
        _ => return Err(Error::Damaged("a padding does not exist")),
    };
    let step = [options.size(2, 0)?, options.size(1, 0)?];
    if step.iter().any(|step| !(1..=MOST_STEP).contains(step)) {
        return Err(Error::Damaged("a window moves by too little or too much"));
    }
    Ok(Window { padding, step })
}

fn undilated(options: &Table<'_>, field: usize) -> Result<(), Error> {
    if options.i32(field, 1)? != 1 || options.i32(field + 1, 1)? != 1 {
        return Err(Error::Unsupported("dilated convolutions".to_owned()));
    }
    Ok(())
}

fn custom(name: &[u8], options: &[u8]) -> Result<Kind, Error> {
    match name {
        b"Landmarks2TransformMatrix" => {
            let options = crate::flexbuffer::Map::read(options)?;
            if options.float("target_rotation_radians")? != 0.0 {
                return Err(Error::Unsupported("turned landmarks".to_owned()));
            }
            Ok(Kind::LandmarksToMatrix(Subset {
                points: options.sizes("subset_idxs")?,
                line: [
                    options.size("left_rotation_idx")?,
                    options.size("right_rotation_idx")?,
                ],
                cells: [
                    options.size("output_height")?,
                    options.size("output_width")?,
                ],
                scale: [options.float("scale_x")?, options.float("scale_y")?],
            }))
        }
        b"TransformTensorBilinear" => Ok(Kind::TransformTensor),
        b"TransformLandmarks" => Ok(Kind::TransformLandmarks),
        b"Convolution2DTransposeBias" => {
            // The three words are the padding and the steps along width and height.
            let (words, _) = options.as_chunks();
            let words: Vec<i32> = words.iter().map(|word| i32::from_le_bytes(*word)).collect();
            match words[..] {
                [_, width @ 1..=8, height @ 1..=8] => Ok(Kind::TransposedConv {
                    step: [height as usize, width as usize],
                }),
                // The windows would overlap, or the options are damaged.
                _ => Err(Error::Damaged("a transposed convolution lacks its steps")),
            }
        }
        other => Err(Error::Unsupported(format!(
            "the custom operator {:?}",
            String::from_utf8_lossy(&other[..other.len().min(40)])
        ))),
    }
}
