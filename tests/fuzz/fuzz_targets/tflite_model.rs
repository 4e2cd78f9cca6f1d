//! Whatever a model file holds, it is refused or runs; it is never a panic, never endless, never more memory than is allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tflite::Model;

fuzz_target!(|input: &[u8]| {
    let Ok(mut model) = Model::load(input) else {
        return;
    };
    model.input_mut().fill(0.5);
    model.run();
    for index in 0..model.outputs() {
        let values: usize = model.output_shape(index).iter().product();
        assert_eq!(model.output(index).len(), values);
    }
});
