# advscape with its environment: docker build -t advscape .
# For CPUs and for NVIDIA GPUs: the locked torch brings its own CUDA, so the host needs only its
# driver and the NVIDIA Container Toolkit (docker run --gpus all ...). docs/howto.md has commands.
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /advscape
# first what the environment is made from, so that an edit of the code does not install torch again
COPY Makefile pyproject.toml requirements.lock README.md LICENSE ./
COPY pkg/advscape/__init__.py pkg/advscape/
RUN PIP_NO_CACHE_DIR=1 make env
COPY . .

# a home that any user may write, and a name that Snakemake asks for: docker run --user has neither
ENV HOME=/tmp USER=advscape PATH=/advscape/.venv/bin:$PATH
CMD ["make", "reproduce"]
