"""Tests of the training: python -m unittest discover -t Scripts -s Scripts/training/tests"""
