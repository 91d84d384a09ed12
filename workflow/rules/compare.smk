"""Two results: expects those of this study and those in another folder, says what differs."""


rule compare:
    """Compare with another folder of results: `snakemake compare --config against=FOLDER`.

    It has no output, nor a benchmark, which would be one: so it runs whenever it is asked for.
    """
    log:
        "<logs>/compare.log",
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("compare.py"), config={"against": AGAINST}),
    script:
        "../scripts/compare.py"
