# The plots of scripts/bench.sh, from files in the folder that it names: what each contender has, as
# times lined's figure with the least and the greatest round, and lines/s and memory by connections.
set terminal svg size 900,620 noenhanced font "sans-serif,12" background "white"
set output out."/ratios.svg"
set multiplot layout 2,2 title "lines/s (churn: connections/s) as times lined's, ".when
set style fill solid 0.8 noborder
set boxwidth 0.6
set grid ytics
set yrange [0:*]
set xtics nomirror rotate by -20
unset key
do for [load in "50x64 50x1 1x1 churn"] {
    set title load eq "churn" ? "connect, a line, close; 16 at once" : load." (connections x lines in flight)"
    plot scratch."/plot-".load using 0:2:xtic(1) with boxes linecolor "#1b6ca8", \
         "" using 0:2:3:4 with yerrorbars linecolor "#333333" pointtype 7 pointsize 0.2
}
unset multiplot

set terminal svg size 900,380 noenhanced font "sans-serif,12" background "white"
set output out."/scale.svg"
set multiplot layout 1,2 title "by connections, 16 lines of 32 bytes in flight on each, server and load on a core each, ".when
set logscale x
set xtics norotate autofreq
set xlabel "connections"
set style data linespoints
names = system("cd ".scratch." && ls plot-scale-* | sed 's/plot-scale-//'")
set title "lines/s"
set key bottom left
set yrange [0:*]
set format y "%.1s %c"
plot for [name in names] scratch."/plot-scale-".name using 1:2 title name linewidth 2
set title "resident memory, KB"
set key bottom right
set logscale y
set yrange [1000:*]
set format y "%.0s %c"
plot for [name in names] scratch."/plot-scale-".name using 1:3 title name linewidth 2
unset multiplot
