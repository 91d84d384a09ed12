"""On one machine jobs start as soon as they can."""


onstart:
    # Snakemake's limit of 100 starts a second spares clusters. Under it (9.27) each look at the
    # jobs that wait asks for another look a second later, and so does every job that ends: after
    # 100 jobs Snakemake took a fifth of a core from them
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
