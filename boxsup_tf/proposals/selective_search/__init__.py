"""Selective Search: regions of several colour spaces, grouped by several similarities.

J. Uijlings, K. van de Sande, T. Gevers, A. Smeulders. Selective Search for Object Recognition.
IJCV 2013. segmentation -> features -> grouping.
"""
