# An exported model behind TensorFlow Serving: gRPC on port 8500, REST on 8501. Not run for this
# project, which had no Docker at hand. From the repository's root:
#
#   docker build -f docker/tensorflow_serving.Dockerfile --build-arg MODEL=exports/boxsup \
#     -t boxsup-tensorflow-serving .
#   docker run --rm -p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 boxsup-tensorflow-serving
FROM tensorflow/serving
ARG MODEL
COPY ${MODEL} /models/boxsup
ENV MODEL_NAME=boxsup
EXPOSE 8500 8501
