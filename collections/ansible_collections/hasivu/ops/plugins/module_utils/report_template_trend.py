# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the page of a report draws a value over time."""

from __future__ import annotations

TREND = """
{%- macro course(trend, number) %}
<figure style="margin: 0"><figcaption class="legend soft">{{ trend.title }}
{%- if trend.target is not none %}: <span>dashed line: target of {{ trend.target | shown(trend.kind) }};</span>
<span>square: over it</span>{% endif %}</figcaption>
<svg role="img" aria-labelledby="trend{{ number }}t trend{{ number }}d" height="{{ trend.height }}">
<title id="trend{{ number }}t">{{ trend.title }}</title>
<desc id="trend{{ number }}d">
{%- if trend.target is not none %}Target {{ trend.target | shown(trend.kind) }}. {% endif %}
{% for point in trend.points %}{{ point.day }}: {{ point.value }}{{ ", over the target" if point.over }}. {% endfor %}
</desc>
<line class="axis" x1="0" y1="{{ trend.bottom }}" x2="100%" y2="{{ trend.bottom }}"/>
{% if trend.target_y is not none %}
<line class="target" x1="0" y1="{{ trend.target_y }}" x2="100%" y2="{{ trend.target_y }}"/>
{% endif %}
{% for line in trend.lines %}
<line class="path" x1="{{ line.x1 }}%" y1="{{ line.y1 }}" x2="{{ line.x2 }}%" y2="{{ line.y2 }}"/>
{% endfor %}
{% for point in trend.points if point.y is not none %}
{% if point.over %}
<rect class="over" transform="translate(-5, -5)" x="{{ point.x }}%" y="{{ point.y }}" width="10" height="10"/>
{% else %}
<circle class="s1" cx="{{ point.x }}%" cy="{{ point.y }}" r="5"/>
{% endif %}
{% if point.labelled %}
<text class="value" text-anchor="middle" x="{{ point.x }}%" y="{{ point.y - 10 }}">{{ point.value }}</text>
{% endif %}
{% endfor %}
{% if trend.points %}
<text class="value" x="0" y="{{ trend.bottom + 18 }}">{{ trend.points[0].day }}</text>
{% endif %}
{% if trend.points | length > 1 %}
<text class="value" text-anchor="end" x="100%" y="{{ trend.bottom + 18 }}">{{ trend.points[-1].day }}</text>
{% endif %}
</svg>{% if trend.left_out %}<p class="soft">{{ trend.left_out }} older ones are in report.json.</p>{% endif %}</figure>
{%- endmacro %}
"""
