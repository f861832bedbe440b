using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Group;

namespace StreamScorer.Shared.Infer;

/// <summary>
/// A bundle's graph on ONNX Runtime. Gives logits; what they mean is the judge's matter. Buffers are used again from batch to batch,
/// so it holds as much memory as its largest batch needed.
/// </summary>
public sealed class OnnxScorer : IScorer
{
    /// <summary>Many times what the slowest operator takes on a busy machine.</summary>
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(10);

    private readonly InferenceSession _session;
    private readonly RunOptions _run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    private readonly GraphInputs _inputs;
    private readonly HeadOutputs _outputs;

    /// <summary>A row as long as rows may be, with the largest id.</summary>
    private readonly int[] _longest;
    private readonly Lock _running = new();
    private int _disposed;

    private OnnxScorer(ModelSession model, GraphContract contract, BundleManifest manifest)
    {
        _session = model.Session;
        _inputs = GraphInputs.For(contract);
        _outputs = new HeadOutputs(contract);
        Device = model.Device;
        DeviceReason = model.Reason;
        LogitCount = contract.LogitCount;
        Pads = contract.Layout == GraphLayout.Padded;
        Notes = contract.Notes;
        _longest = new int[manifest.MaxTokens];
        _longest[^1] = manifest.Encoder.Vocabulary - 1;
    }

    public string Device { get; }

    /// <summary>One sentence: which graph runs where, and why not elsewhere.</summary>
    public string DeviceReason { get; }

    public int LogitCount { get; }

    public bool Pads { get; }

    /// <summary>What an operator should know about how the graph is read; sentences, usually none.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Loads the graph, holds it against the manifest, and runs it once at its smallest and longest.</summary>
    /// <param name="only">The one head to read, an embedding perhaps; null: all, and each must give probabilities.</param>
    /// <exception cref="BundleException">The graph does not fit the manifest, or fails on its first run.</exception>
    /// <exception cref="InferenceException">The device that was asked for cannot be had.</exception>
    public static OnnxScorer Open(ModelBundle bundle, InferOptions options, HeadManifest? only = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Gpu);
        if (only is null)
        {
            RefuseHeads(bundle);
        }

        return Open(bundle, ModelSession.Open(bundle, options), only);
    }

    /// <summary>As above, over a session that is open; disposes of it if that fails.</summary>
    internal static OnnxScorer Open(ModelBundle bundle, ModelSession model, HeadManifest? only = null)
    {
        try
        {
            var faults = new List<string>();
            var heads = only is null ? bundle.Manifest.Heads : [only];
            var contract = GraphContract.Read(model.Session, model.Variant.Layout, bundle.Manifest.Encoder, heads, faults) with
            {
                Separator = heads.Any(head => head.Pair) ? bundle.LoadTokenizer().SepId : null,
            };
            if (faults.Count > 0)
            {
                throw Refused(bundle, model.Variant.Graph, string.Join("; ", faults));
            }

            var scorer = new OnnxScorer(model, contract, bundle.Manifest);
            scorer.WarmUp(bundle, model.Variant.Graph, contract);
            return scorer;
        }
        catch
        {
            model.Session.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs the largest calls that these options allow: what they need is then taken from the start, and no post that comes hours later makes the process larger. Three, because rows of
    /// middle length need more for their places and the longest ones more for attention, which grows with the square.
    /// </summary>
    /// <returns>False: the device has no memory for one of them. Smaller calls may pass.</returns>
    /// <exception cref="InferenceException">A call failed for another reason.</exception>
    public bool Reserve(GroupOptions options)
    {
        try
        {
            foreach (var length in (int[])[_longest.Length, _longest.Length / 2, _longest.Length / 4])
            {
                var batch = Grouper.Largest(_longest.AsMemory(0, Math.Max(1, length)), options, Pads);
                Score(batch, new float[batch.Rows * LogitCount]);
            }

            return true;
        }
        catch (InferenceException e) when (e.Failure == InferenceFailure.OutOfMemory)
        {
            return false;
        }
    }

    public void Score(TokenBatch batch, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(logits.Length, batch.Rows * LogitCount, nameof(logits));
        lock (_running)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            for (var first = 0; first < batch.Rows;)
            {
                var rows = _inputs.Together(batch, first);
                Run(batch, first, rows);
                _outputs.CopyTo(logits[(first * LogitCount)..], rows);
                first += rows;
            }
        }
    }

    /// <summary>
    /// Ends a call that is running, which then throws, and waits until it has left. The runtime looks between two operators whether it should end, so
    /// a call that hangs inside of one does not leave: then its memory is left to it, because freeing that under it would be a crash.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _run.Terminate = true;
        if (!_running.TryEnter(LeaveLimit))
        {
            return;
        }

        try
        {
            _session.Dispose();
            _run.Dispose();
        }
        finally
        {
            _running.Exit();
        }
    }

    private void Run(TokenBatch batch, int first, int rows)
    {
        try
        {
            _session.Run(_run, _inputs.Names, _inputs.Fill(batch, first, rows), _outputs.Names, _outputs.Prepare(rows));
        }
        catch (Exception e) when (e is OnnxRuntimeException or OutOfMemoryException)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            throw new InferenceException(
                $"The model failed on {rows} rows, the longest of {batch.LongestRow} tokens, on {Device}: {RuntimeErrors.Brief(e.Message)}.",
                e,
                e is OutOfMemoryException ? InferenceFailure.OutOfMemory : RuntimeErrors.Classify(e.Message));
        }
        finally
        {
            _inputs.Release();
            _outputs.Release();
        }
    }

    /// <summary>Shapes that a graph leaves open, the vocabulary and the position limit show only when it runs.</summary>
    private void WarmUp(ModelBundle bundle, string graph, GraphContract contract)
    {
        foreach (var posts in (ReadOnlyMemory<int>[][])[[new int[3], new int[2], new int[1]], [_longest]])
        {
            var batch = Grouper.Cut(posts, new GroupOptions { MaxTokens = int.MaxValue }).Batches[0];
            try
            {
                CheckShapes(bundle, graph, contract, batch);
                Score(batch, new float[batch.Rows * LogitCount]);
            }
            catch (Exception e) when (e is InferenceException or OnnxRuntimeException)
            {
                throw Refused(bundle, graph, $"its first run, with rows of up to {batch.LongestRow} tokens, failed: {RuntimeErrors.Brief(e.Message)}");
            }
        }
    }

    private void CheckShapes(ModelBundle bundle, string graph, GraphContract contract, TokenBatch batch)
    {
        var rows = _inputs.Together(batch, 0);
        try
        {
            using var results = _session.Run(_run, _inputs.Names, _inputs.Fill(batch, 0, rows), _outputs.Names);
            for (var i = 0; i < results.Count; i++)
            {
                var shape = results[i].GetTensorTypeAndShape().Shape;
                var output = contract.Outputs[i];
                if (!shape.SequenceEqual([rows, output.Width]))
                {
                    throw Refused(
                        bundle,
                        graph,
                        $"output '{output.Name}' has shape [{string.Join(", ", shape)}] for {rows} rows and head '{output.Head.Name}' has {output.Width} labels");
                }
            }
        }
        finally
        {
            _inputs.Release();
        }
    }

    private static void RefuseHeads(ModelBundle bundle)
    {
        var heads = bundle.Manifest.Heads.Where(head => head.Kind is not (HeadKind.Softmax or HeadKind.Sigmoid)).ToList();
        if (heads.Count > 0)
        {
            var names = string.Join(", ", heads.Select(head => $"'{head.Name}' ({head.Kind.ToString().ToLowerInvariant()})"));
            throw new BundleException(
                $"The model bundle {bundle.Folder} cannot be served: heads {names} are not softmax or sigmoid, which is what the worker serves.");
        }
    }

    private static BundleException Refused(ModelBundle bundle, string graph, string faults) => new(
        $"The model bundle {bundle.Folder} is refused: {graph} does not fit its manifest: {faults}. Export the graph anew, or correct {ModelBundle.ManifestFile}.");
}
