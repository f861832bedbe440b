namespace ModelTool.Evaluate;

/// <summary>How well probabilities put posts that have a label above those that have not. As scikit-learn defines them.</summary>
internal static class Ranking
{
    /// <summary>
    /// Area under the ROC curve: probability that a post with the label gets a higher probability than one without, ties half (Mann-Whitney U).
    /// Null when no post has the label, or all have.
    /// </summary>
    public static double? RocAuc(IReadOnlyList<Outcome> outcomes)
    {
        var curve = Curve(outcomes);
        var (positives, negatives) = (curve[^1].Hits, curve[^1].Alarms);
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        // Trapezoids between neighbouring thresholds count tied pairs half.
        var area = 0.0;
        for (var i = 1; i < curve.Count; i++)
        {
            area += (curve[i].Alarms - curve[i - 1].Alarms) * (double)(curve[i].Hits + curve[i - 1].Hits) / 2;
        }

        return area / ((double)positives * negatives);
    }

    /// <summary>
    /// Average precision: precision at each threshold, weighted by the recall it adds. Not interpolated (Davis and Goadrich 2006 say why).
    /// Null when no post has the label.
    /// </summary>
    public static double? PrAuc(IReadOnlyList<Outcome> outcomes)
    {
        var curve = Curve(outcomes);
        var positives = curve[^1].Hits;
        if (positives == 0)
        {
            return null;
        }

        var area = 0.0;
        for (var i = 1; i < curve.Count; i++)
        {
            area += (curve[i].Hits - curve[i - 1].Hits) * curve[i].Precision!.Value;
        }

        return area / positives;
    }

    /// <summary>What each threshold catches, from the highest down; the first one catches nothing, the last everything. A point a distinct probability.</summary>
    public static List<CutOff> Curve(IReadOnlyList<Outcome> outcomes)
    {
        var sorted = outcomes.ToArray();
        Array.Sort(sorted, (a, b) => b.Probability.CompareTo(a.Probability));
        var curve = new List<CutOff> { new(float.PositiveInfinity, 0, 0) };
        var (hits, alarms) = (0, 0);
        for (var i = 0; i < sorted.Length; i++)
        {
            hits += sorted[i].Truth ? 1 : 0;
            alarms += sorted[i].Truth ? 0 : 1;
            if (i + 1 == sorted.Length || sorted[i + 1].Probability != sorted[i].Probability)
            {
                curve.Add(new CutOff(sorted[i].Probability, hits, alarms));
            }
        }

        return curve;
    }
}

/// <summary>What lies at or above a threshold.</summary>
/// <param name="Hits">Posts that have the label.</param>
/// <param name="Alarms">Posts that have not.</param>
internal readonly record struct CutOff(float Threshold, int Hits, int Alarms)
{
    public double? Precision => Hits + Alarms == 0 ? null : (double)Hits / (Hits + Alarms);
}
