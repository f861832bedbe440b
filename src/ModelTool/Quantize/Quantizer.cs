using System.Globalization;
using ModelTool.Evaluate;
using ModelTool.Import;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Quantize;

/// <summary>
/// Finds an int8 bundle whose heads lose no more than the budget: where they lose more, the parts whose int8 changes their probabilities most stay fp32,
/// one after the other.
/// </summary>
/// <param name="most">Parts that may be kept in fp32 besides those asked for.</param>
internal sealed class Quantizer(NewBundle bundle, GateData data, double budget, int most)
{
    private readonly List<string> _report = [];

    /// <summary>What was measured, in lines.</summary>
    public IReadOnlyList<string> Report => _report;

    /// <summary>Measures and chooses. The result differs from the bundle by the parts it keeps and by its metrics.</summary>
    /// <param name="trials">Folder for the bundles that are tried; removed.</param>
    /// <exception cref="ToolException">The budget does not hold.</exception>
    public NewBundle Decide(string trials)
    {
        try
        {
            (bundle with { Precision = GraphPrecision.Fp32, KeptFp32 = [], Cuda = null }).Write(Path.Combine(trials, "fp32"));
            var gate = new QualityGate(Path.Combine(trials, "fp32"), data);
            var (chosen, losses) = Choose(gate, trials);
            var variants = new Dictionary<string, List<HeadLoss>> { ["cpu"] = losses };
            if (bundle.Cuda is not null)
            {
                variants["cuda"] = Half(gate, trials);
            }

            _report.AddRange(variants.Values.SelectMany(variant => variant).Select(loss => loss.ToString()));
            return chosen with { Metrics = Describe(chosen, variants) };
        }
        finally
        {
            if (Directory.Exists(trials))
            {
                Directory.Delete(trials, recursive: true);
            }
        }
    }

    private (NewBundle Chosen, List<HeadLoss> Losses) Choose(QualityGate gate, string trials)
    {
        var folder = Path.Combine(trials, "int8");
        var chosen = bundle;
        Queue<string>? ranked = null;
        while (true)
        {
            Try(chosen, folder);
            var losses = gate.Measure(folder, "int8");
            var over = losses.Where(loss => loss.Points > budget).ToList();
            if (over.Count == 0)
            {
                return (chosen, losses);
            }

            ranked ??= new Queue<string>(Rank(gate, trials, [.. over.Select(loss => loss.Head)]).Take(most));
            if (!ranked.TryDequeue(out var part))
            {
                throw TooMuch("int8", over, chosen.KeptFp32);
            }

            chosen = chosen with { KeptFp32 = [.. chosen.KeptFp32, part] };
        }
    }

    /// <summary>Parts by how much nearer the heads come to fp32 when the part alone is kept, the best first.</summary>
    private List<string> Rank(QualityGate gate, string trials, IReadOnlyCollection<string> heads)
    {
        var before = gate.Change(Path.Combine(trials, "int8"), heads);
        var folder = Path.Combine(trials, "part");
        var changes = new List<(string Part, double Change)>();
        foreach (var part in most == 0 ? [] : bundle.Plan.Parts.Except(bundle.KeptFp32))
        {
            Try(bundle with { KeptFp32 = [.. bundle.KeptFp32, part] }, folder);
            changes.Add((part, gate.Change(folder, heads)));
        }

        changes.Sort((one, other) => one.Change.CompareTo(other.Change));
        foreach (var (part, change) in changes.Take(most))
        {
            _report.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{part} in fp32 alone takes the mean change of a probability of {string.Join(", ", heads)} from {before:0.0000} to {change:0.0000}"));
        }

        return [.. changes.Select(change => change.Part)];
    }

    /// <summary>The fp16 graph, on the CPU and with the attention that the CPU has.</summary>
    private List<HeadLoss> Half(QualityGate gate, string trials)
    {
        var folder = Path.Combine(trials, "fp16");
        Try(bundle with { Precision = GraphPrecision.Fp16, KeptFp32 = [] }, folder);
        var losses = gate.Measure(folder, "fp16");
        var over = losses.Where(loss => loss.Points > budget).ToList();
        return over.Count == 0 ? losses : throw TooMuch("fp16", over, []);
    }

    private static void Try(NewBundle bundle, string folder) => (bundle with { Cuda = null }).Write(folder);

    private ToolException TooMuch(string precision, List<HeadLoss> over, IReadOnlyList<string> kept) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{precision} loses more than --budget {budget} points{(kept.Count > 0 ? $" even with {string.Join(", ", kept)} in fp32" : "")}, so no bundle is written: {string.Join("; ", over)}. Serve the fp32 bundle of 'import', or raise --budget."));

    private MetricsManifest Describe(NewBundle chosen, Dictionary<string, List<HeadLoss>> variants)
    {
        var without = data.Without.Count > 0 ? $" without {string.Join(", ", data.Without)}" : "";
        var heads = variants["cpu"]
            .Where(loss => loss.After is { RocAuc: not null, CalibrationError: not null })
            .ToDictionary(
                loss => loss.Head,
                loss => new HeadMetrics(loss.After.Rows, loss.After.MacroF1!.Value, loss.After.RocAuc!.Value, loss.After.CalibrationError!.Value));
        return new MetricsManifest($"{Path.GetFileName(data.File)}{without}, the cpu graph", heads, new QuantizationManifest(
            LabelledRows.Digest(data.File),
            budget,
            chosen.KeptFp32,
            variants.ToDictionary(
                variant => variant.Key,
                variant => (IReadOnlyDictionary<string, QuantizedHead>)variant.Value.ToDictionary(loss => loss.Head, loss => loss.Manifest))));
    }
}
