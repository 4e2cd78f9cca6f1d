"""What ofiqpy, a Python port of OFIQ, measures on the same pixels, landmarks and masks.

    quality.py PHOTOS NETWORKS OUT

NETWORKS is what networks.py wrote. Each photograph is laid on a black square of 616 pixels as it is, at several brightnesses,
as if it were OFIQ's aligned face; so nothing is resampled, and both sides see the same bytes.
"""

import json
import os
import sys
from types import SimpleNamespace

import cv2
import numpy as np
from ofiqpy.measures import core, geometry, pixel

photos, networks, out = sys.argv[1:4]
SIDE = 616
# mesh point -> place in the 98 landmarks of OFIQ
PLACES = {33: 60, 133: 64, 362: 68, 263: 72, 1: 54, 61: 76, 291: 82, 152: 16, 13: 90, 14: 94, 82: 89, 87: 95, 312: 91, 317: 93,
          160: 61, 144: 67, 159: 62, 145: 66, 158: 63, 153: 65, 385: 69, 380: 75, 386: 70, 374: 74, 387: 71, 373: 73}
# numerator and denominator of a gain
GAINS = [(1, 4), (1, 2), (1, 1), (8, 5)]


def ellipse():
    """The person of the background's formula, on OFIQ's 354 by 292 pixels; the test has the same."""
    y, x = np.mgrid[0:292, 0:354]
    return (((x - 177) / 122) ** 2 + ((y - 237) / 187) ** 2 <= 1).astype(np.uint8)


def inside(points):
    """The pixels whose middle lies within the points' convex hull; the test has the same."""
    hull = cv2.convexHull(points.astype(np.int32)).reshape(-1, 2).astype(float)
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    signs = []
    for (ax, ay), (bx, by) in zip(hull, np.roll(hull, -1, axis=0)):
        signs.append((bx - ax) * (y - ay) - (by - ay) * (x - ax))
    signs = np.array(signs)
    return (np.all(signs >= 0, axis=0) | np.all(signs <= 0, axis=0)).astype(np.uint8)


found = []
for face in json.load(open(networks))["faces"]:
    if not face["hull"]:
        continue
    photo = cv2.imread(os.path.join(photos, face["photo"]), cv2.IMREAD_COLOR)
    for gain in GAINS:
        canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
        part = photo[:SIDE, :SIDE].astype(np.int64) * gain[0] // gain[1]
        canvas[: part.shape[0], : part.shape[1]] = np.minimum(part, 255).astype(np.uint8)
        landmarks = np.zeros((98, 2))
        for index, place in PLACES.items():
            landmarks[place] = face["marks"][str(index)]
        parsing = np.zeros((400, 400), np.uint8)
        parsing[0:292, 23:377] = ellipse()
        scene = SimpleNamespace(
            image=canvas, affine=np.array([[1.0, 0, 0], [0, 1, 0]]), aligned_face=canvas, aligned_landmarks=landmarks,
            landmarks=landmarks, landmarked_region=inside(np.array(face["hull"])),
            occlusion_mask=np.ones((SIDE, SIDE), np.uint8), parsing=parsing, pitch=0.0, face_areas=[100, 37])
        measures = [
            core.Measures.luminance_mean(None, scene), pixel.under_exposure(scene), pixel.over_exposure(scene),
            pixel.illumination_uniformity(scene), pixel.natural_colour(scene), pixel.background_uniformity(scene),
            geometry.eyes_open(scene), geometry.mouth_closed(scene), geometry.inter_eye_distance(scene),
            geometry.single_face_present(scene)]
        found.append({
            "photo": face["photo"], "gain": gain, "marks": face["marks"], "hull": face["hull"],
            "measures": {measure.name: [float(f"{measure.raw:.6g}"), measure.scalar] for measure in measures}})
# points inside the hull say nothing
for scene in found:
    points = np.array(scene["hull"], np.int32)
    scene["hull"] = cv2.convexHull(points).reshape(-1, 2).tolist()
with open(out, "w") as file:
    json.dump(found, file)
