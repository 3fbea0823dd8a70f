/// The style sheet of charts, for light and dark mode.
///
/// Blue marks the subject of a chart. Most other colours are from Paul Tol's “bright” and “vibrant” schemes
/// (SRON/EPS/TN/09-002, 2021), which people with any kind of colour vision can distinguish. Dash patterns distinguish
/// lines without colour.
public enum ChartStyle {
    public static let css: Markup = """
        :root{color-scheme:light dark;--paper:#fff;--text:#1b1f24;--pale:#5b6570;--line:#c9ced6;--grid:#e9ecf0;\
        --accent:#0060c0;--o0:#7a7f87;--o1:#e0701a;--o2:#d6246e;--o3:#00897b;--o4:#8a7f14;--o5:#9a4fb5;--o6:#7d4a1e;\
        --o7:#b3261e}
        @media(prefers-color-scheme:dark){:root{--paper:#14171b;--text:#e6e9ed;--pale:#9aa4af;--line:#4a525c;\
        --grid:#272c33;--accent:#5cb3ff;--o0:#a3a9b1;--o1:#f59a4d;--o2:#ff7eb0;--o3:#3fc4b4;--o4:#c9bb4a;--o5:#cf95e6;\
        --o6:#c99468;--o7:#ff8a80}}
        .chart{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;max-width:100%}
        .chart text{fill:var(--text);stroke:none}
        .chart text.accent,.chart text[class^=other]{fill:currentColor}
        .chart text.faint{fill:var(--pale)}
        .chart .title{fill:var(--pale)}
        .frame{fill:none;stroke:var(--line)}
        .grid{fill:none;stroke:var(--grid)}
        .accent{color:var(--accent)}.ink{color:var(--text)}.faint{color:var(--pale)}
        .other-0{color:var(--o0)}.other-1{color:var(--o1)}.other-2{color:var(--o2)}.other-3{color:var(--o3)}
        .other-4{color:var(--o4)}.other-5{color:var(--o5)}.other-6{color:var(--o6)}.other-7{color:var(--o7)}
        .line{fill:none;stroke:currentColor;stroke-width:1.3;stroke-linejoin:round}
        .line.accent{stroke-width:2.2}
        .line.faint{stroke-width:1;stroke-dasharray:5 4}
        .line.other-1{stroke-dasharray:7 2}.line.other-2{stroke-dasharray:2 2}.line.other-3{stroke-dasharray:9 3 2 3}
        .line.other-4{stroke-dasharray:4 2}.line.other-5{stroke-dasharray:12 3}.line.other-6{stroke-dasharray:1 3}
        .line.other-7{stroke-dasharray:6 2 1 2 1 2}
        .line.stroke{stroke-dasharray:none;stroke-width:1.2}
        .dots{fill:none;stroke:currentColor;stroke-width:2.6;stroke-linecap:round}
        .noted{fill:currentColor;stroke:var(--paper);stroke-width:.8}
        .area{fill:currentColor;fill-opacity:.16}
        .box{fill:currentColor;fill-opacity:.55}
        """
}
