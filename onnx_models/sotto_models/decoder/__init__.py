"""One description of a decoder for all architectures, and its ONNX graph; knows no file format of weights."""
