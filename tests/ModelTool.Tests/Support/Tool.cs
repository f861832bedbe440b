using System.CommandLine;
using ModelTool.Calibrate;
using ModelTool.Embed;
using ModelTool.Evaluate;
using ModelTool.Import;
using ModelTool.Quantize;
using ModelTool.Train;

namespace ModelTool.Tests.Support;

/// <summary>Runs a command of the tool in process.</summary>
internal static class Tool
{
    public static (int ExitCode, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var root = new RootCommand
        {
            ImportCommand.Create(), InitCommand.Create(), QuantizeCommand.Create(), BundleCommand.Create(), TrainCommand.Create(), EvaluateCommand.Create(), CalibrateCommand.Create(), EmbedCommand.Create(),
        };
        var code = root.Parse(args).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>The one line on standard error that a failing command leaves.</summary>
    public static string Fault(params string[] args)
    {
        var (code, output, error) = Run(args);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.EndsWith(Environment.NewLine, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.TrimEnd());
        return error.TrimEnd();
    }
}
