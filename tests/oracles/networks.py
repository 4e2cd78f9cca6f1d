"""What other programs see in the photographs of the tests: Google's LiteRT runs the same networks on the same numbers, and
MediaPipe 0.10.21 finds faces and people in the same pictures.

    networks.py MODELS PHOTOS OUT [--small]

Writes OUT as JSON. With --small few photographs and few numbers, for the copy in the repository. No picture is written.
"""

import json
import os
import sys

os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import flatbuffers  # noqa: E402
import mediapipe  # noqa: E402
import numpy as np  # noqa: E402
from ai_edge_litert import schema_py_generated as schema  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402
from PIL import Image  # noqa: E402

models, photos, out = sys.argv[1:4]
small = "--small" in sys.argv

# Pictures that every decoder reads to the same bytes are PNG; the input is picked out of them without arithmetic.
# photo, left, top, stride
INPUTS = {
    "face_detection_short.tflite": (128, [-1.0, 1.0], [("astronaut.png", 0, 0, 4), ("astronaut.png", 128, 0, 2)]),
    "selfie_segmentation.tflite": (256, [0.0, 1.0], [("astronaut.png", 0, 0, 2), ("other/coffee.png", 0, 0, 1)]),
    "attention_mesh.tflite": (192, [0.0, 1.0], [("astronaut.png", 128, 20, 1), ("astronaut.png", 64, 0, 2)]),
}
FACES = ["astronaut.png", "grace_hopper.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"]
SMALL = {"astronaut.png", "grace_hopper.jpg", "obama2.jpg"}


def picture(name):
    return np.asarray(Image.open(os.path.join(photos, name)).convert("RGB"))


def without_custom_operators(file):
    """The network up to its first custom operator, which LiteRT does not have, and what does not depend on it; and its
    outputs: for each of them where our interpreter has the same numbers."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(file, 0))
    graph = model.subgraphs[0]
    missing, kept = set(), []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        custom = max(code.builtinCode, code.deprecatedBuiltinCode) == schema.BuiltinOperator.CUSTOM
        known = custom and code.customCode == b"Convolution2DTransposeBias"
        if (custom and not known) or any(tensor in missing for tensor in operator.inputs):
            missing.update(operator.outputs)
        else:
            kept.append(operator)
    graph.operators = kept
    places = [index for index, tensor in enumerate(graph.outputs) if tensor not in missing]
    graph.outputs = np.array([graph.outputs[index] for index in places], dtype=np.int32)
    builder = flatbuffers.Builder(len(file))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output()), places


def tensors():
    found = []
    for name, (side, (low, high), inputs) in INPUTS.items():
        file = open(os.path.join(models, name), "rb").read()
        file, places = without_custom_operators(file)
        runtime = Interpreter(model_content=file, num_threads=1)
        runtime.allocate_tensors()
        outputs = sorted(runtime.get_output_details(), key=lambda output: output["index"])
        order = [output["index"] for output in runtime.get_output_details()]
        for photo, left, top, stride in inputs[: 1 if small else None]:
            pixels = picture(photo)[top : top + side * stride : stride, left : left + side * stride : stride]
            value = (low + pixels.astype(np.float32) * np.float32((high - low) / 255)).astype(np.float32)
            runtime.set_tensor(runtime.get_input_details()[0]["index"], value[None])
            runtime.invoke()
            results = []
            for place, index in zip(places, order):
                values = runtime.get_tensor(index).ravel()
                every = max(1, len(values) // 150) if small else 1
                results.append({"output": place, "every": every, "values": [float(f"{v:.7g}") for v in values[::every]]})
            found.append({"model": name, "photo": photo, "left": left, "top": top, "stride": stride, "side": side,
                          "low": low, "high": high, "outputs": results})
        del outputs
    return found


LIDS = [[(160, 144), (159, 145), (158, 153)], [(385, 380), (386, 374), (387, 373)]]
CORNERS = [(33, 133), (362, 263)]
IRISES = [468, 473]
# what the formulas of quality need, by the names of oracles/quality.py
MARKS = sorted({33, 133, 362, 263, 1, 61, 291, 152, 13, 14, 82, 87, 312, 317}
               | {point for eye in LIDS for pair in eye for point in pair})


def faces():
    found = []
    segmentation = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
    for name in FACES:
        if small and name not in SMALL:
            continue
        pixels = picture(name)
        height, width = pixels.shape[:2]
        mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=False, refine_landmarks=True, max_num_faces=1)
        # a live picture: each look begins where the last one ended
        for _ in range(4):
            seen = mesh.process(pixels).multi_face_landmarks
        if not seen:
            raise SystemExit(f"MediaPipe finds no face in {name}")
        points = np.array([(point.x * width, point.y * height) for point in seen[0].landmark])
        irises = [points[index] for index in IRISES]
        irises.sort(key=lambda point: point[0])

        def apart(pair):
            return float(np.hypot(*(points[pair[0]] - points[pair[1]])))

        blink = [sum(apart(pair) for pair in lids) / 3 / apart(corners) for lids, corners in zip(LIDS, CORNERS)]
        mask = segmentation.process(pixels).segmentation_mask
        rows = ((np.arange(256) + 0.5) * height / 256).astype(int)
        columns = ((np.arange(256) + 0.5) * width / 256).astype(int)
        person = (mask[np.ix_(rows, columns)] >= 0.5).ravel()
        # lengths of runs, the first one of those that are no person
        edges = np.flatnonzero(np.diff(person.astype(int))) + 1
        runs = np.diff(np.concatenate([[0], edges, [person.size]])).tolist()
        if person[0]:
            runs.insert(0, 0)
        found.append({
            "photo": name,
            "irises": [[round(float(x), 2), round(float(y), 2)] for x, y in irises],
            "blink": [round(value, 4) for value in blink],
            "person": runs,
            "marks": {str(index): [round(float(points[index][0])), round(float(points[index][1]))] for index in MARKS},
            "hull": [[round(float(x)), round(float(y))] for x, y in points[:468]] if name.endswith(".png") else [],
        })
    return found


with open(out, "w") as file:
    json.dump({"tensors": tensors(), "faces": faces()}, file)
