"""Convolutional feature masking (CFM): a network that classifies the candidates of an image.

J. Dai, K. He, J. Sun. Convolutional Feature Masking for Joint Object and Stuff Segmentation. CVPR
2015 (arXiv 1412.1283), a row of BoxSup's Table 5.
"""
