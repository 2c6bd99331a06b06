"""Semantic segmentation from bounding boxes, in TensorFlow and Keras.

J. Dai, K. He, J. Sun. BoxSup: Exploiting Bounding Boxes to Supervise Convolutional
Networks for Semantic Segmentation. ICCV 2015 (arXiv 1503.01640).
"""

__version__ = "0.1.0"
