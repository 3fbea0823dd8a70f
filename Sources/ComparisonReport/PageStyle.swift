import Charts

/// The style sheet of the page. It uses the colours of `ChartStyle`.
enum PageStyle {
    static let css: Markup = """
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:88rem;padding:1rem clamp(.8rem,3vw,2.5rem) 4rem;background:var(--paper);\
        color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        h1{font-size:1.7rem;line-height:1.2;margin:.6em 0}
        h2{font-size:1.3rem;margin:2em 0 .4em}
        h3{font-size:1.2rem;margin:0;overflow-wrap:anywhere}
        h4{font-size:1rem;margin:1.2em 0 0}
        p{max-width:46rem;margin:.5em 0}
        a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
        .facts{color:var(--pale);margin:.1em 0 .6em;max-width:none}
        dl{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;margin:1.2rem 0}
        dl div{display:flex;flex-direction:column-reverse}
        dt{color:var(--pale);font-size:.9rem}
        dd{margin:0;font-size:1.9rem;font-weight:600;line-height:1.2;font-variant-numeric:tabular-nums}
        dd small{font-size:.9rem;font-weight:400;margin-left:.5em;color:var(--pale)}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.6em 0}
        th,td{padding:.2em .7em;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
        th{font-weight:400}
        thead th{color:var(--pale);vertical-align:bottom;border-color:var(--line)}
        th:first-child,td.name{text-align:left}
        th[colspan]{text-align:center}
        thead th:first-child{white-space:normal}
        .better{color:var(--accent);font-weight:600}
        .worse{color:var(--o1);font-weight:600}
        summary{cursor:pointer;padding:.3em 0;font-weight:600}
        details{margin:.5em 0}
        nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem;margin:.8em 0 0;font-size:.95rem}
        section{border-top:1px solid var(--line);margin-top:2.2rem;padding-top:1.2rem}
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23rem),1fr));gap:1.2rem 2rem;\
        align-items:start}
        figure{margin:0;min-width:0;max-width:40rem}
        figcaption{font-size:.95rem;font-weight:600;margin-bottom:.2rem;overflow-wrap:anywhere}
        .chart{display:block;width:100%;height:auto}
        @media print{section{break-inside:avoid}}
        """
}
