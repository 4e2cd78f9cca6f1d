"""OpenCV's frontal face cascade on one picture, one thread: median of 20 runs, with faces from a sixth and from a twelfth of
the picture's height on."""

import statistics
import sys
import time

import cv2

cv2.setNumThreads(1)
grey = cv2.cvtColor(cv2.imread(sys.argv[1]), cv2.COLOR_BGR2GRAY)
cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
for part in (6, 12):
    least = grey.shape[0] // part
    times = []
    for _ in range(20):
        start = time.perf_counter()
        faces = cascade.detectMultiScale(grey, 1.1, 5, minSize=(least, least))
        times.append(1000 * (time.perf_counter() - start))
    print(f"OpenCV Haar, faces from 1/{part} of the height on: {statistics.median(times):.1f} ms, {len(faces)} found")
